using OnnxFineTune.Models;
using OnnxFineTune.Surgery.Tests.Serialization;

namespace OnnxFineTune.Surgery.Tests;

/// <summary>An adapter file and the original model give the tuned model.</summary>
[TestClass]
public sealed class LoraAdapterTests
{
    private static readonly Lora Small = new() { Rank = 1, Alpha = 2 };

    private static readonly Dictionary<string, Func<Model, ModelEditor>> Edits = new()
    {
        ["classifier replaced"] = m => m.Edit().RemoveClassifier().Attach(new LinearHead(3)),
        ["cut in the middle"] = m => m.Edit().CutAt("block").Attach(new ConvHead(2)),
        ["cut inside a block"] = m => m.Edit().CutAt("inner", dropBypass: true).Attach(new LinearHead(2)),
        ["cut behind dropout"] = m => m.Edit().CutAt("dropped").Attach(new MlpHead(3, 4) { Dropout = 0.5f }),
        ["two heads"] = m => m.Edit().RemoveClassifier().Attach(new LinearHead(6)).Attach(new LinearHead(3)),
        ["nothing attached"] = m => m.Edit(),
    };

    public static IEnumerable<object[]> Rows => from edit in Edits.Keys from name in new[] { "active", "logits" } select new object[] { edit, name };

    [TestMethod, DynamicData(nameof(Rows))]
    public void OriginalAndAdapterGiveTheTunedModel(string edit, string hiddenName)
    {
        using TemporaryFolder folder = new();
        Model original = Original(hiddenName), tuned = Tune(Edits[edit](original).Build());
        LoraAdapter.Of(tuned).Save(folder.File("adapter.onnx"));
        LoraAdapter adapter = LoraAdapter.Load(folder.File("adapter.onnx"));
        Model expected = tuned.MergeAdapters(), rebuilt = adapter.Apply(original);
        RemoveDropout.Run(expected.Graph);      // as the tuned model that training gives
        CollectionAssert.AreEqual(expected.Graph.Initializers.Select(i => i.Name).ToArray(), rebuilt.Graph.Initializers.Select(i => i.Name).ToArray());
        WeightComparison weights = WeightComparison.Of(expected, rebuilt);
        Assert.IsEmpty(weights.Changed.Concat(weights.Added));
        CollectionAssert.AreEqual(expected.Graph.Nodes.Select(n => n.OpType).ToArray(), rebuilt.Graph.Nodes.Select(n => n.OpType).ToArray());
        CollectionAssert.AreEqual(expected.Output(), rebuilt.Output());
        Assert.AreEqual("[\"cat\",\"dog\"]", rebuilt.Metadata[Model.LabelsKey]);
        Assert.IsFalse(rebuilt.HasAdapters || rebuilt.Metadata.ContainsKey(LoraAdapter.BaseKey));
        CollectionAssert.AreEqual(expected.HeadParameters.ToArray(), rebuilt.HeadParameters.ToArray());
        Assert.AreEqual((1, 2f), (adapter.Rank, adapter.Alpha));
    }

    [TestMethod]
    public void TheFileHoldsTheHeadAndTheAdaptersAlone()
    {
        using TemporaryFolder folder = new();
        Model tuned = Tune(Edits["classifier replaced"](Original()).Build());
        LoraAdapter.Of(tuned).Save(folder.File("adapter.onnx"));
        Model file = Model.Load(folder.File("adapter.onnx"));
        Assert.AreEqual("head.weight head.bias stem.w.lora_A stem.w.lora_B block.w.lora_A block.w.lora_B fc1.w.lora_A fc1.w.lora_B", string.Join(' ', file.Graph.Initializers.Select(i => i.Name)));
        Assert.AreEqual("active", file.Graph.Inputs.Single().Name);
        TensorData features = TensorData.FromFloats(TrainingModels.Numbers(12, 1), 2, 6);        // any runtime opens it
        Assert.HasCount(6, RuntimeSession.RunOnce(file, new Dictionary<string, TensorData> { ["active"] = features })["logits"].ToFloats());
    }

    [TestMethod]
    [DataRow("block.w", "1 of 5 weights have other content than when it was trained, 'block.w' for one")]
    [DataRow("block.b", "1 of 5 weights have other content than when it was trained, 'block.b' for one")]
    [DataRow("fc2.w", null)]
    public void AnotherOriginalIsRefused(string changed, string? message)
    {
        LoraAdapter adapter = LoraAdapter.Of(Tune(Edits["classifier replaced"](Original()).Build()));
        Model other = Original();
        Value weight = other.Graph.Get(changed);
        other.Graph.SetInitializer(weight, TensorData.FromFloats([.. weight.Data!.ToFloats().Select(v => v + 1e-6f)], [.. weight.Data.Shape.Select(d => d.Value!.Value)]));
        if (message is null)
            Assert.IsNotNull(adapter.Apply(other));       // it was cut off
        else
            StringAssert.Contains(Assert.ThrowsExactly<GraphException>(() => adapter.Apply(other)).Message, $"The adapter belongs to another model: {message}");
    }

    [TestMethod]
    public void AnOriginalWithOtherNamesIsRefused()
    {
        LoraAdapter adapter = LoraAdapter.Of(Tune(Edits["classifier replaced"](Original()).Build()));
        Model renamed = Original(), other = LayerModels.Build("Conv 3×3");
        renamed.Graph.Rename(renamed.Graph.Get("block.w"), "block.weight");
        StringAssert.Contains(Assert.ThrowsExactly<GraphException>(() => adapter.Apply(renamed)).Message, "this one has no weight 'block.w' in front of 'active'");
        StringAssert.Contains(Assert.ThrowsExactly<GraphException>(() => adapter.Apply(other)).Message, "The adapter stands on 'active', and the model cannot be cut there");
    }

    [TestMethod]
    public void AHalfPrecisionOriginalIsComputedInFloat32()
    {
        Model original = HalfModels.MatMul(ElementType.Float16), tuned = Tune(original, Small);
        Model rebuilt = LoraAdapter.Of(tuned).Apply(original);
        Assert.AreEqual(ElementType.Float, rebuilt.Graph.Get("w").ElementType);
        CollectionAssert.AreEqual(tuned.MergeAdapters().Graph.Get("w").Data!.ToFloats(), rebuilt.Graph.Get("w").Data!.ToFloats());
    }

    [TestMethod]
    public void FilesThatAreNoAdaptersAreErrors()
    {
        using TemporaryFolder folder = new();
        Original().Save(folder.File("model.onnx"));
        StringAssert.Contains(Assert.ThrowsExactly<GraphException>(() => LoraAdapter.Load(folder.File("model.onnx"))).Message, "is an ONNX model but no adapter");
        StringAssert.Contains(Assert.ThrowsExactly<GraphException>(() => LoraAdapter.Of(Original())).Message, "The model has no adapters");
        LoraAdapter.Of(Tune(Edits["classifier replaced"](Original()).Build())).Save(folder.File("later.onnx"));
        Model later = Model.Load(folder.File("later.onnx"));
        later.Metadata[LoraAdapter.BaseKey] = later.Metadata[LoraAdapter.BaseKey].Replace("\"version\":1", "\"version\":2");
        later.Save(folder.File("later.onnx"));
        StringAssert.Contains(Assert.ThrowsExactly<GraphException>(() => LoraAdapter.Load(folder.File("later.onnx"))).Message, "of version 2, and this program reads version 1");
        later.Metadata[LoraAdapter.BaseKey] = "{";
        later.Save(folder.File("later.onnx"));
        StringAssert.Contains(Assert.ThrowsExactly<GraphException>(() => LoraAdapter.Load(folder.File("later.onnx"))).Message, "cannot be read");
    }

    [TestMethod]
    public void ChangedNodesOfAnAdapterAreAnError()
    {
        Model model = Small.Attach(LayerModels.Build("MatMul on tokens")).Model;
        Node product = model.Graph.Get("w.lora_B").Uses[0].Node.Outputs[0]!.Uses[0].Node;
        model.Graph.AddOutput(product.Outputs[0]!);
        StringAssert.Contains(Assert.ThrowsExactly<GraphException>(() => model.MergeAdapters()).Message, "The adapter of 'w' cannot be merged");
    }

    private static Model Tune(Model model) => Tune(model, Small);

    /// <summary>What training makes: adapters and head with other numbers, and labels.</summary>
    private static Model Tune(Model model, Lora lora)
    {
        Model tuned = lora.Attach(model).Model.Trained();
        foreach (string name in tuned.HeadParameters)
        {
            Value parameter = tuned.Graph.Get(name);
            tuned.Graph.SetInitializer(parameter, ClassifierModels.Numbers([.. parameter.Data!.Shape.Select(d => d.Value!.Value)]));
        }
        tuned.Metadata[Model.LabelsKey] = "[\"cat\",\"dog\"]";
        return tuned;
    }

    private static Model Original(string hiddenName = "active")
    {
        Model model = ResidualModels.Build();
        model.Graph.Rename(model.Graph.Get("active"), hiddenName);
        return model;
    }
}
