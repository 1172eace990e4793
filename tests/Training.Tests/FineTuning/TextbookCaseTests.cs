using OnnxFineTune.Models;
using OnnxFineTune.Surgery;

namespace OnnxFineTune.Training.Tests;

/// <summary>The textbook case of transfer learning, from file to file: in the tuned file only the new layers differ from what they were.</summary>
[TestClass]
public sealed class TextbookCaseTests
{
    private static readonly string[] Labels = ["a", "b", "c"];

    public static IEnumerable<object[]> Cases =>
    [
        [1, new LinearHead(3)],
        [3, new MlpHead(3, 32)],
    ];

    [TestMethod, DynamicData(nameof(Cases))]
    public async Task OnlyTheNewLayersOfASmallVggLearn(int removed, IHead head)
    {
        DirectoryInfo folder = Directory.CreateTempSubdirectory("onnxft-textbook-");
        try
        {
            string pretrained = Path.Combine(folder.FullName, "vgg.onnx");
            VggModel.Build().Save(pretrained);
            await CheckAsync(pretrained, folder, removed, head, Pictures(12, 16));
        }
        finally
        {
            folder.Delete(recursive: true);
        }
    }

    /// <summary>134 million parameters, as torchvision exports them.</summary>
    [TestMethod]
    public async Task OnlyTheNewLayersOfVgg16Learn()
    {
        using TorchReference reference = TorchReference.Make("vgg16", "--size", "224", "--batch", "1", "--classes", "1000");
        DirectoryInfo folder = Directory.CreateTempSubdirectory("onnxft-textbook-");
        try
        {
            await CheckAsync(reference.ModelFile, folder, 1, new LinearHead(3), Pictures(3, 224));
            await CheckAsync(reference.ModelFile, folder, 3, new MlpHead(3, 32), Pictures(3, 224));
        }
        finally
        {
            folder.Delete(recursive: true);
        }
    }

    private static async Task CheckAsync(string pretrained, DirectoryInfo folder, int removed, IHead head, InMemoryDataset data)
    {
        string tuned = Path.Combine(folder.FullName, "tuned.onnx");
        Model model = Model.Load(pretrained).Edit().RemoveLast(removed).Attach(head).Build();
        using Trainer trainer = new(model, new TrainerOptions { Epochs = 2, ValidationFraction = 0, Cache = FeatureCacheOptions.None });
        FitResult result = await trainer.FitAsync(data);
        result.Model.Save(tuned);

        WeightComparison weights = WeightComparison.Of(pretrained, tuned);
        Model saved = Model.Load(tuned);
        Assert.AreEqual(0, weights.Changed.Count, string.Join(", ", weights.Changed));
        CollectionAssert.AreEquivalent(model.HeadParameters.ToArray(), weights.Added.ToArray());
        CollectionAssert.AreEqual(KeptParameters(pretrained, removed), Parameters.Of(saved).Select(p => p.Name).Except(model.HeadParameters).ToArray());
        foreach (string name in model.HeadParameters)
            Assert.IsFalse(WeightComparison.AreSame(model.Graph.Get(name).Data!, saved.Graph.Get(name).Data!), $"'{name}' is as it was before training");
    }

    /// <summary>Those of all layers but the last; each layer has a weight and a bias.</summary>
    private static string[] KeptParameters(string pretrained, int removed) => [.. Parameters.Of(Model.Load(pretrained)).SkipLast(2 * removed).Select(p => p.Name)];

    private static InMemoryDataset Pictures(int count, int size) =>
        InMemoryDataset.OfClasses(Shape.Of(3, size, size), TrainingModels.Numbers(count * 3 * size * size, 1), [.. Enumerable.Range(0, count).Select(i => i % Labels.Length)], Labels);
}
