using OnnxFineTune.Models;
using OnnxFineTune.Surgery.Tests.Serialization;

namespace OnnxFineTune.Surgery.Tests;

/// <summary>The textbook case of transfer learning: the last layer of VGG for a new one, or the last three for two.</summary>
[TestClass]
public sealed class TextbookCaseTests
{
    private static readonly string[] LinearNames = ["head.weight", "head.bias"];
    private static readonly string[] MlpNames = ["head.0.weight", "head.0.bias", "head.1.weight", "head.1.bias"];

    public static IEnumerable<object[]> Cases =>
    [
        [1, new LinearHead(3), LinearNames],
        [3, new MlpHead(3, 32), MlpNames],
    ];

    [TestMethod, DynamicData(nameof(Cases))]
    public void LayersThatStayAreWrittenByteForByte(int removed, IHead head, string[] added)
    {
        using TemporaryFolder folder = new();
        string pretrained = folder.File("vgg.onnx"), edited = folder.File("edited.onnx");
        VggModel.Build().Save(pretrained);
        byte[] before = File.ReadAllBytes(pretrained);

        Model model = Model.Load(pretrained).Edit().RemoveLast(removed).Attach(head).Build();
        model.Save(edited);

        WeightComparison weights = WeightComparison.Of(pretrained, edited);
        CollectionAssert.AreEqual(KeptNames(removed), weights.Kept.Where(IsOfALayer).ToArray());
        CollectionAssert.AreEqual(added, weights.Added.ToArray());
        Assert.AreEqual(0, weights.Changed.Count);
        CollectionAssert.AreEqual(added, Model.Load(edited).HeadParameters.ToArray());
        CollectionAssert.AreEqual(before, File.ReadAllBytes(pretrained), "the original file");
    }

    /// <summary>8 MB of weights: working on them must not bring them into managed memory, nor must the end that is cut off be read.</summary>
    [TestMethod, DynamicData(nameof(Cases))]
    public void WeightsDoNotEnterManagedMemory(int removed, IHead head, string[] added)
    {
        using TemporaryFolder folder = new();
        string pretrained = folder.File("vgg.onnx"), edited = folder.File("edited.onnx");
        VggModel.Build(size: 32, hidden: 1024).Save(pretrained);
        Edit();                                         // without what is set up only once
        long before = GC.GetAllocatedBytesForCurrentThread();
        Edit();
        long allocated = GC.GetAllocatedBytesForCurrentThread() - before;

        long headBytes = added.Sum(name => Model.Load(edited).Graph.Get(name).Data!.ByteLength);
        Assert.IsLessThan(headBytes + (1 << 20), allocated, $"{new FileInfo(pretrained).Length} bytes in the file");

        void Edit() => Model.Load(pretrained).Edit().RemoveLast(removed).Attach(head).Build().Save(edited);
    }

    [TestMethod, DynamicData(nameof(Cases))]
    public void TheFeaturesAreWhatTheOriginalComputes(int removed, IHead head, string[] added)
    {
        Model original = VggModel.Build();
        Model model = original.Edit().RemoveLast(removed).Attach(head).Build();
        Value features = model.Graph.Get(added[0]).Uses.Single().Node.Inputs[0]!;
        model.Graph.SetOutputs(features);
        original.Graph.SetOutputs(original.Graph.Get(features.Name));
        CollectionAssert.AreEqual(Run(original, features.Name), Run(model, features.Name));
    }

    private static string[] KeptNames(int removed) => [.. VggModel.Layers.SkipLast(removed).SelectMany(layer => new[] { $"{layer}.weight", $"{layer}.bias" })];

    /// <summary>Not the ratio of a Dropout.</summary>
    private static bool IsOfALayer(string name) => VggModel.Layers.Any(layer => name.StartsWith(layer + '.', StringComparison.Ordinal));

    private static float[] Run(Model model, string output) =>
        RuntimeSession.RunOnce(model, new Dictionary<string, TensorData> { ["input"] = TensorData.FromFloats(TrainingModels.Numbers(2 * 3 * 16 * 16, 1), 2, 3, 16, 16) })[output].ToFloats();
}
