using OnnxFineTune.Models;
using OnnxFineTune.Surgery;

namespace OnnxFineTune.Training.Tests;

/// <summary>From file to folder, as a program calls it; what the command line shows of it is tested there.</summary>
[TestClass]
public sealed class ArtifactCreationTests
{
    [TestMethod]
    public void AllWrongOptionsAreToldAtOnce()
    {
        using TemporaryFolder folder = new();
        ArtifactCreationOptions options = new()
        {
            Model = Path.Combine(folder.Path, "none.onnx"),
            Output = Path.Combine(folder.Path, "out"),
            Loss = new SoftmaxCrossEntropy { LabelSmoothing = 2 },
            Artifacts = new ArtifactOptions { Optimizer = new Sgd { Momentum = 0.9 }, Clipping = new GradientClipping { MaxNorm = 0 } },
        };
        ArgumentException error = Assert.ThrowsExactly<ArgumentException>(() => ArtifactCreation.Run(options));
        foreach (string wrong in (string[])["LabelSmoothing is 2", "SGD without momentum", "MaxNorm is 0"])
            StringAssert.Contains(error.Message, wrong);
    }

    /// <summary>Half precision is trained in float32; a fixed batch becomes free.</summary>
    [TestMethod]
    public void AModelInHalfPrecisionIsTrainedInSingle()
    {
        using TemporaryFolder folder = new();
        ArtifactCreationOptions options = Options(folder, ColorClassifier.Build(batch: 1, type: ElementType.Float16)) with { Head = new LinearHead(2) };
        ArtifactCreationResult result = ArtifactCreation.Run(options);
        Assert.AreEqual("pixels: Float [batch, 3, 2, 2]", result.TrainingInputs[0].ToString());
        Assert.IsTrue(TrainingArtifacts.Load(options.Output).Checkpoint.Parameters.All(p => p.Value.ElementType == ElementType.Float));
    }

    [TestMethod]
    public void FrozenLayersAreBroughtToWhatTheRuntimeTakes()
    {
        using TemporaryFolder folder = new();
        Model model = ResidualModels.Build();
        model.Opset = 22;
        model.IrVersion = 11;
        ArtifactCreationOptions options = Options(folder, model) with { Head = new LinearHead(2), FromFeatures = true };
        _ = ArtifactCreation.Run(options);
        Model frozen = Model.Load(Path.Combine(options.Output, ArtifactCreation.FrozenModelFile));
        Assert.AreEqual(21, frozen.Opset);
        Assert.AreEqual(10, frozen.IrVersion);
        Assert.AreEqual(21, TrainingArtifacts.Load(options.Output).TrainingModel.Opset);
        ArtifactExportResult exported = ArtifactExport.Run(new ArtifactExportOptions { Artifacts = options.Output, Output = Path.Combine(folder.Path, "tuned.onnx") });
        Assert.AreEqual(14, exported.TrainedParameters);
    }

    [TestMethod]
    public void TheModelItselfIsNotReplaced()
    {
        using TemporaryFolder folder = new();
        string path = folder.File(ArtifactCreation.FrozenModelFile);
        ResidualModels.Build().Save(path);
        byte[] before = File.ReadAllBytes(path);
        IOException error = Assert.ThrowsExactly<IOException>(() => ArtifactCreation.Run(new ArtifactCreationOptions { Model = path, Output = folder.Path }));
        StringAssert.Contains(error.Message, "would be replaced");
        CollectionAssert.AreEqual(before, File.ReadAllBytes(path));
        Assert.HasCount(1, Directory.GetFileSystemEntries(folder.Path));
    }

    [TestMethod]
    public void TheGuideTellsOfTheFrozenLayers()
    {
        using TemporaryFolder folder = new();
        ArtifactCreationOptions options = Options(folder, ResidualModels.Build()) with { Head = new LinearHead(2), FromFeatures = true };
        _ = ArtifactCreation.Run(options);
        string guide = File.ReadAllText(Path.Combine(options.Output, TrainingArtifacts.GuideFile));
        StringAssert.Contains(guide, "\nfrozen_model.onnx: the frozen layers, for any session\n");
        StringAssert.Contains(guide, "\nYou feed: x: Float [batch, 3, 8, 8]\nYou get: active: Float [batch, 6]\n");
    }

    private static ArtifactCreationOptions Options(TemporaryFolder folder, Model model)
    {
        string path = Path.Combine(folder.Path, "model.onnx");
        model.Save(path);
        return new ArtifactCreationOptions { Model = path, Output = Path.Combine(folder.Path, "out") };
    }
}
