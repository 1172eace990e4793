using OnnxFineTune.Models;

namespace OnnxFineTune.Surgery.Tests;

[TestClass]
public sealed class BlocksTests
{
    /// <summary>Networks, and the names that the parameters of each block begin with.</summary>
    public static IEnumerable<(string Name, Func<Model> Build, string Blocks)> Networks =>
    [
        ("residual", BlockModels.Residual, "b1|b2|b3|b4"),
        ("inverted residual", BlockModels.InvertedResidual, "b1|b2|b3|b4 tail"),
        ("fire", BlockModels.Fire, "b1|b2|b3"),
        ("dense", BlockModels.Dense, "b1|b2|b3|b4"),
        ("chain", BlockModels.Chain, "b1|b2|b3"),
        ("encoder, normalized in front", () => BlockModels.Encoder(false), "b1|b2|b3"),
        ("encoder, normalized behind", () => BlockModels.Encoder(true), "b1|b2|b3"),
        ("one block alone", () => ResidualModels.Build(), "stem|block|fc1"),
        ("no layer but the classifier", () => TrainingModels.Linear(4, 2), ""),
    ];

    [TestMethod, DynamicData(nameof(Networks))]
    public void BlocksAreWhatAPersonCallsThat(string name, Func<Model> build, string expected)
    {
        Model model = build();
        IReadOnlyList<Block> blocks = Blocks.Of(model);
        Assert.AreEqual(expected, string.Join('|', blocks.Select(b => string.Join(' ', b.Parameters.Select(p => p.Split('.')[0]).Distinct()))), name);
        CollectionAssert.AreEqual(Enumerable.Range(1, blocks.Count).ToArray(), blocks.Select(b => b.Number).ToArray());
        CollectionAssert.AllItemsAreUnique(blocks.SelectMany(b => b.Parameters).ToArray());
        IReadOnlyList<CutPoint> cuts = CutPoints.Of(model);
        foreach (Block block in blocks)
        {
            Assert.AreEqual(block.Parameters.Sum(p => model.Graph.Get(p).Data!.Count), block.ParameterCount);
            Assert.IsTrue(name == "dense" || block.From == "x" || cuts.Any(c => c.Value.Name == block.From), $"the whole model can be cut at '{block.From}'");
        }
    }

    [TestMethod, DynamicData(nameof(Networks))]
    public void TheLastBlocksAreTheHeadAndAllBehindTheirStart(string name, Func<Model> build, string expected)
    {
        Model model = build();
        IReadOnlyList<Block> blocks = Blocks.Of(model);
        for (int count = 1; count <= blocks.Count; count++)
        {
            string[] from = [.. Trainable.From(blocks[^count].From).Select(model).Select(p => p.Name).Where(p => !p.StartsWith("aux", StringComparison.Ordinal))];
            CollectionAssert.AreEqual(from, Trainable.LastBlocks(count).Select(model).Select(p => p.Name).ToArray(), $"{name}, {count} of {expected}");
        }
    }

    [TestMethod]
    public void AnAttachedHeadOfSeveralLayersIsInNoBlock()
    {
        Model model = BlockModels.Fire().Edit().RemoveClassifier().Attach(new MlpHead(2, 5)).Build();
        Assert.IsFalse(Blocks.Of(model).SelectMany(b => b.Parameters).Intersect(model.HeadParameters).Any());
        Assert.AreEqual("b3.squeeze.w b3.squeeze.b b3.expand1.w b3.expand1.b b3.expand3.w b3.expand3.b head.0.weight head.0.bias head.1.weight head.1.bias",
            string.Join(' ', Trainable.LastBlocks(1).Select(model).Select(p => p.Name)));
    }

    [TestMethod]
    public void SqueezeNetHasEightFireModules()
    {
        Model model = Model.Load(Present.Shared("data/models/squeezenet_fp32.onnx")).Edit().RemoveClassifier().Attach(new LinearHead(2)).Build();
        Assert.AreEqual("fire2 fire3 fire4 fire5 fire6 fire7 fire8 fire9", string.Join(' ', Blocks.Of(model).Select(b => b.Parameters.Select(p => p.Split('/')[0]).Distinct().Single())));
    }
}
