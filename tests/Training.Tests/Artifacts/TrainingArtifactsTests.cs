using OnnxFineTune.Models;
using OnnxFineTune.Surgery;

namespace OnnxFineTune.Training.Tests;

[TestClass]
public sealed class TrainingArtifactsTests
{
    [TestMethod]
    public void InputsAndOutputsComeInTheRuntimesOrder()
    {
        TrainingArtifacts artifacts = ArtifactModels.Build(ArtifactModels.Mlp(dropout: 0.2f), ArtifactModels.Head, new ArtifactOptions { GradientAccumulation = true });
        Graph training = artifacts.TrainingModel.Graph;
        string[] parameters = ["head.weight", "head.bias", "body.weight", "body.bias"];
        AreEqual(["x", "targets", "dropout_step", "gradient_weight", .. parameters,
            "head.weight_grad.accumulation.buffer", "head.bias_grad.accumulation.buffer", "lazy_reset_grad"], ArtifactModels.Names(training.Inputs));
        CollectionAssert.AreEqual(new[] { "loss", training.Outputs[1].Name, "head.weight_grad.accumulation.out", "head.bias_grad.accumulation.out" }, ArtifactModels.Names(training.Outputs));
        Assert.AreEqual("Float []", $"{training.Outputs[0].ElementType} {training.Outputs[0].Shape}");
        Assert.AreEqual("Float [3, 5]", Type(training.Get("head.weight_grad.accumulation.buffer")));
        Assert.AreEqual("Bool [1]", Type(training.Get("lazy_reset_grad")));
        Assert.AreEqual("Float [1]", Type(training.Get("gradient_weight")));
        Assert.AreEqual("Bool [1]", Type(training.Outputs[2]));
        Graph evaluation = artifacts.EvaluationModel.Graph;
        AreEqual(["x", "targets", .. parameters], ArtifactModels.Names(evaluation.Inputs));
        Assert.AreEqual(2, evaluation.Outputs.Count);
        Assert.AreEqual("loss", evaluation.Outputs[0].Name);
    }

    [TestMethod]
    public void EachTrainedParameterHasAnAccumulator()
    {
        Model model = ArtifactModels.Build(ArtifactModels.Mlp(), ArtifactModels.All).TrainingModel;
        Node[] accumulators = [.. model.Graph.Nodes.Where(n => n.OpType == "InPlaceAccumulatorV2")];
        CollectionAssert.AreEqual(ArtifactModels.All, accumulators.Select(n => n.Inputs[0]!.Name.Replace("_grad.accumulation.buffer", "")).ToArray());
        foreach (Node node in accumulators)
        {
            Assert.AreEqual("com.microsoft", node.Domain);
            Assert.AreEqual("lazy_reset_grad", node.Inputs[2]!.Name);
            Assert.IsNotNull(node.Inputs[1]!.Producer);
            Assert.IsTrue(node.Outputs[0]!.IsOutput);
        }
        Assert.AreEqual(1, model.OpsetImports["com.microsoft"]);
    }

    [TestMethod]
    public void OnlyTrainedAndFrozenParametersAreInTheCheckpoint()
    {
        TrainingArtifacts head = ArtifactModels.Build(ArtifactModels.Mlp(), ArtifactModels.Head);
        CollectionAssert.AreEqual(ArtifactModels.Head, head.Checkpoint.Trainable.Keys.ToArray());
        CollectionAssert.AreEqual(new[] { "body.weight", "body.bias" }, head.Checkpoint.Frozen.Keys.ToArray());
        Assert.IsFalse(head.TrainingModel.Graph.Initializers.Any(v => ArtifactModels.All.Contains(v.Name)));
        Model mlp = ArtifactModels.Mlp();
        foreach ((string name, TensorData data) in head.Checkpoint.Parameters)
            CollectionAssert.AreEqual(mlp.Graph.Get(name).Data!.ToFloats(), data.ToFloats(), name);
        Assert.IsEmpty(ArtifactModels.Build(ArtifactModels.Mlp(), ArtifactModels.All).Checkpoint.Frozen);
    }

    [TestMethod]
    public void ANominalCheckpointNamesItsParameters()
    {
        TrainingArtifacts artifacts = ArtifactModels.Build(ArtifactModels.Mlp(), ArtifactModels.Head, new ArtifactOptions { Nominal = true });
        Assert.IsTrue(artifacts.Checkpoint.IsNominal);
        Assert.HasCount(4, artifacts.Checkpoint.Parameters.ToArray());
        Assert.IsTrue(artifacts.Checkpoint.Parameters.All(p => p.Value.Shape.Equals(Shape.Of(0))));
        Assert.AreEqual("Float [5, 6]", Type(artifacts.TrainingModel.Graph.Get("body.weight")), "the models know the shapes");
    }

    [TestMethod]
    public void TheWeightScalesEveryGradientAlike()
    {
        Model plain = Gradients(ArtifactModels.Build(WithScalar(), ["scale", "w"])), weighted = Gradients(ArtifactModels.Build(WithScalar(), ["scale", "w"], new ArtifactOptions { GradientAccumulation = true }));
        Dictionary<string, TensorData> feeds = new()
        {
            ["x"] = TensorData.FromFloats(TrainingModels.Numbers(8, 1), 4, 2), ["targets"] = TensorData.FromLongs([0, 2, 1, 1], 4),
            ["scale"] = TensorData.Scalar(1.5f), ["w"] = TensorData.FromFloats(TrainingModels.Numbers(6, 2), 3, 2),
        };
        IReadOnlyDictionary<string, TensorData> full = RuntimeSession.RunOnce(plain, feeds);
        feeds["gradient_weight"] = TensorData.FromFloats([0.25f], 1);
        IReadOnlyDictionary<string, TensorData> quarter = RuntimeSession.RunOnce(weighted, feeds);
        for (int g = 0; g < 2; g++)
        {
            TensorData expected = full[plain.Graph.Outputs[g].Name], actual = quarter[weighted.Graph.Outputs[g].Name];
            Assert.AreEqual(expected.Shape, actual.Shape);
            CollectionAssert.AreEqual(expected.ToFloats().Select(x => x * 0.25f).ToArray(), actual.ToFloats());
        }
    }

    [TestMethod]
    public void AParameterThatEvaluationDoesNotUseIsStillFed()
    {
        TrainingGraph graph = ArtifactModels.Graph(ArtifactModels.Mlp(), ArtifactModels.Head);
        Model training = TrainingModelBuilder.Training(graph, graph.FrozenParameters, weighted: false);
        Value extra = training.Graph.AddInput("only.in.training", ElementType.Float, Shape.Of(7));
        Value[] parameters = [training.Graph.Get("head.bias"), extra, training.Graph.Get("body.weight"), training.Graph.Get("head.weight"), training.Graph.Get("body.bias")];
        Model evaluation = TrainingModelBuilder.Evaluation(graph, parameters);
        AreEqual(["x", "targets", .. ArtifactModels.Names(parameters)], ArtifactModels.Names(evaluation.Graph.Inputs));
        Assert.AreEqual("Float [7]", Type(evaluation.Graph.Get("only.in.training")));
    }

    [TestMethod]
    public void ReservedNamesAreLeftToTheRuntime()
    {
        TrainingArtifacts artifacts = ArtifactModels.Build(ArtifactModels.WithReservedNames(), ["w"]);
        Graph training = artifacts.TrainingModel.Graph;
        CollectionAssert.AreEqual(new[] { "x_grad_value", "targets", "w", "w_grad", "gradient_weight_bias", "w_grad.accumulation.buffer", "lazy_reset_grad" }, ArtifactModels.Names(training.Inputs));
        CollectionAssert.AreEqual(new[] { "loss", "y_grad_value", "w_grad.accumulation.out" }, ArtifactModels.Names(training.Outputs));
        CollectionAssert.AreEqual(new[] { "w", "w_grad", "gradient_weight_bias" }, artifacts.Checkpoint.Parameters.Select(p => p.Key).ToArray());
        Model back = artifacts.ToInferenceModel();
        Assert.AreEqual("x_grad", back.Graph.Inputs.Single().Name, "the model has its own names again");
    }

    [TestMethod, DataRow("lazy_reset_grad"), DataRow("gradient_weight"), DataRow("head.weight_grad.accumulation.buffer"), DataRow("head.weight_grad.accumulation.out")]
    public void AParameterOfAReservedNameIsRefused(string name)
    {
        Model model = ArtifactModels.Mlp();
        model.Graph.Rename(model.Graph.Get("body.bias"), name);
        StringAssert.Contains(Assert.ThrowsExactly<TrainingException>(() => ArtifactModels.Build(model, ArtifactModels.Head)).Message, $"'{name}'");
    }

    [TestMethod]
    public void LaterVersionsAreBroughtDown()
    {
        Model model = ArtifactModels.Mlp();
        (model.Opset, model.IrVersion) = (23, 11);
        TrainingArtifacts artifacts = ArtifactModels.Build(model, ArtifactModels.Head);
        foreach (Model m in new[] { artifacts.TrainingModel, artifacts.EvaluationModel, artifacts.OptimizerModel })
            Assert.AreEqual((10L, 21L), (m.IrVersion, m.Opset));
    }

    [TestMethod]
    public void WhatIsSavedIsLoadedAgain()
    {
        using TemporaryFolder folder = new();
        TrainingArtifacts artifacts = ArtifactModels.Build(ArtifactModels.Mlp(), ArtifactModels.Head);
        artifacts.Save(folder.File("made/for/it"));
        CollectionAssert.AreEquivalent(new[] { "training_model.onnx", "eval_model.onnx", "optimizer_model.onnx", "checkpoint", "README.txt" },
            Directory.GetFiles(folder.File("made/for/it")).Select(Path.GetFileName).ToArray());
        TrainingArtifacts loaded = TrainingArtifacts.Load(folder.File("made/for/it"));
        CollectionAssert.AreEqual(artifacts.TrainingModel.ToBytes(), loaded.TrainingModel.ToBytes());
        CollectionAssert.AreEqual(artifacts.EvaluationModel.ToBytes(), loaded.EvaluationModel.ToBytes());
        CollectionAssert.AreEqual(artifacts.OptimizerModel.ToBytes(), loaded.OptimizerModel.ToBytes());
        CollectionAssert.AreEqual(artifacts.Checkpoint.ToBytes(), loaded.Checkpoint.ToBytes());
    }

    [TestMethod]
    public void AMissingFileIsNamed()
    {
        using TemporaryFolder folder = new();
        StringAssert.Contains(Assert.ThrowsExactly<TrainingException>(() => TrainingArtifacts.Load(folder.File("none"))).Message, "There is no folder");
        ArtifactModels.Build(ArtifactModels.Mlp(), ArtifactModels.Head).Save(folder.Path);
        foreach (string name in new[] { "training_model.onnx", "eval_model.onnx", "optimizer_model.onnx", "checkpoint" })
        {
            File.Move(folder.File(name), folder.File("aside"));
            StringAssert.Contains(Assert.ThrowsExactly<TrainingException>(() => TrainingArtifacts.Load(folder.Path)).Message, name);
            File.Move(folder.File("aside"), folder.File(name));
        }
    }

    [TestMethod]
    public void AFailedSaveLeavesWhatWasThere()
    {
        using TemporaryFolder folder = new();
        ArtifactModels.Build(ArtifactModels.Mlp(), ArtifactModels.Head).Save(folder.Path);
        byte[] before = File.ReadAllBytes(folder.File("training_model.onnx"));
        TrainingArtifacts all = ArtifactModels.Build(ArtifactModels.Mlp(), ArtifactModels.All);
        TensorData large = TensorData.FromBytes(ElementType.Float, Shape.Of(26_214_400), new byte[104_857_600]);
        Checkpoint tooLarge = all.Checkpoint with { Frozen = Enumerable.Range(0, 21).ToDictionary(i => $"w{i}", _ => large) };
        Assert.ThrowsExactly<TrainingException>(() => all.WithCheckpoint(tooLarge).Save(folder.Path));
        CollectionAssert.AreEqual(before, File.ReadAllBytes(folder.File("training_model.onnx")));
        Assert.HasCount(5, Directory.GetFileSystemEntries(folder.Path), "nothing half-written beside it");
        File.WriteAllText(folder.File("file"), "");
        StringAssert.Contains(Assert.ThrowsExactly<TrainingException>(() => all.Save(folder.File("file"))).Message, "cannot be written");
    }

    /// <summary>The training model up to its gradients, which is all that the ordinary runtime can run of it.</summary>
    private static Model Gradients(TrainingArtifacts artifacts)
    {
        Model model = artifacts.TrainingModel.Clone();
        Graph graph = model.Graph;
        graph.SetOutputs([.. graph.Nodes.Where(n => n.OpType == "InPlaceAccumulatorV2").Select(n => n.Inputs[1]!)]);
        RemoveUnused.Run(graph);
        foreach (Value input in graph.FeedInputs.Where(v => v.Uses.Count == 0).ToArray())
            graph.RemoveInput(input);
        return model;
    }

    /// <summary>x [N, 2] → Gemm w → times a trained scalar → logits [N, 3].</summary>
    private static Model WithScalar()
    {
        Graph graph = new();
        GraphBuilder op = new(graph);
        Value x = graph.AddInput("x", ElementType.Float, new Shape(Dimension.Named("batch"), 2));
        Value scale = graph.AddInitializer("scale", TensorData.Scalar(1.5f)), w = graph.AddInitializer("w", TensorData.FromFloats(TrainingModels.Numbers(6, 2), 3, 2));
        Value y = op.Mul(op.Gemm(x, w, transB: true), scale);
        y.Shape = new Shape(Dimension.Named("batch"), 3);
        graph.AddOutput(y);
        return new Model(graph) { Opset = GraphBuilder.WorkingOpset };
    }

    private static void AreEqual(string[] expected, string[] actual) => CollectionAssert.AreEqual(expected, actual);

    private static string Type(Value value) => $"{value.ElementType} {value.Shape}";
}
