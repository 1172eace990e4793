namespace OnnxFineTune.Surgery.Tests;

/// <summary>Every downgrade step against ONNX Runtime's own reading of the later operator.</summary>
[TestClass]
public sealed class DowngradeStepTests
{
    private static readonly UpgradeCase[] Cases =
    [
        new("RMSNormalization", 23, [2, 3, 4]) { Constants = [Numbers(4)] },
        new("RMSNormalization", 23, [2, 3, 4]) { Constants = [Numbers(3, 4)], Attributes = [("axis", 1), ("epsilon", 0.1f)] },
        new("RMSNormalization", 25, [2, 3, 4]) { Constants = [Numbers(2, 3, 4)], Attributes = [("axis", 0)] },
        new("RMSNormalization", 23, [2, 3, 4]) { Constants = [Numbers(3, 4)], Attributes = [("axis", -2), ("stash_type", 1)] },
        new("Swish", 24, [2, 3]),
        new("Swish", 24, [2, 3]) { Attributes = [("alpha", 1.7f)] },
        new("CumProd", 26, [2, 3, 4]) { Constants = [TensorData.Scalar(1L)] },
        new("CumProd", 26, [2, 3, 4]) { Constants = [TensorData.Scalar(-1L)], Attributes = [("exclusive", 1)] },
        new("CumProd", 26, [2, 3, 4]) { Constants = [TensorData.Scalar(0L)], Attributes = [("reverse", 1)] },
        new("CumProd", 26, [5]) { Constants = [TensorData.Scalar(0L)], Attributes = [("reverse", 1), ("exclusive", 1)] },
        new("TensorScatter", 24, [2, 3, 5, 2]) { Constants = [Numbers(2, 3, 2, 2), TensorData.Vector(0, 3)] },
        new("TensorScatter", 24, [2, 5, 3]) { Constants = [Numbers(2, 3, 3), TensorData.Vector(4, 1)], Attributes = [("axis", 1), ("mode", "circular")] },
        new("TensorScatter", 24, [2, 5, 3]) { Constants = [Numbers(2, 3, 3)] },
        new("RotaryEmbedding", 23, [2, 3, 4, 6]) { Constants = [Angles(2, 4, 3), Angles(2, 4, 3, MathF.Sin)] },
        new("RotaryEmbedding", 23, [2, 4, 12]) { Constants = [Angles(2, 4, 2), Angles(2, 4, 2, MathF.Sin)], Attributes = [("num_heads", 3)] },
        new("RotaryEmbedding", 23, [2, 3, 4, 6]) { Constants = [Angles(2, 4, 3), Angles(2, 4, 3, MathF.Sin)], Attributes = [("interleaved", 1)] },
        new("RotaryEmbedding", 23, [2, 3, 4, 6]) { Constants = [Angles(2, 4, 2), Angles(2, 4, 2, MathF.Sin)], Attributes = [("rotary_embedding_dim", 4)] },
        new("RotaryEmbedding", 24, [2, 3, 4, 6]) { Constants = [Angles(7, 3), Angles(7, 3, MathF.Sin), TensorData.FromLongs([0, 2, 6, 1, 5, 5, 3, 0], 2, 4)], Note = "positions" },
        new("Attention", 23, [2, 3, 4, 6]) { Constants = [Numbers(2, 3, 5, 6), Numbers(2, 3, 5, 7)] },
        new("Attention", 24, [2, 3, 4, 6]) { Constants = [Numbers(2, 3, 5, 6), Numbers(2, 3, 5, 7)], Attributes = [("scale", 0.7f)] },
        new("Attention", 23, [2, 4, 12]) { Constants = [Numbers(2, 5, 12), Numbers(2, 5, 9)], Attributes = [("q_num_heads", 3), ("kv_num_heads", 3)], Note = "heads side by side" },
        new("Attention", 23, [2, 4, 5, 6]) { Constants = [Numbers(2, 2, 5, 6), Numbers(2, 2, 5, 6)], Note = "two heads of queries a head of keys" },
        new("Attention", 23, [2, 5, 24]) { Constants = [Numbers(2, 5, 12), Numbers(2, 5, 12)], Attributes = [("q_num_heads", 4), ("kv_num_heads", 2)] },
        new("Attention", 23, [2, 3, 5, 6]) { Constants = [Numbers(2, 3, 5, 6), Numbers(2, 3, 5, 7)], Attributes = [("is_causal", 1)] },
        new("Attention", 24, [2, 3, 4, 6]) { Constants = [Numbers(2, 3, 5, 6), Numbers(2, 3, 5, 7)], Attributes = [("is_causal", 1)], Note = "more keys than queries" },
        new("Attention", 23, [2, 3, 4, 6]) { Constants = [Numbers(2, 3, 5, 6), Numbers(2, 3, 5, 7), Numbers(4, 5)], Note = "mask" },
        new("Attention", 23, [2, 3, 4, 6]) { Constants = [Numbers(2, 3, 5, 6), Numbers(2, 3, 5, 7), Bools(4, 5)], Note = "mask of bools" },
        new("Attention", 24, [2, 3, 4, 6]) { Constants = [Numbers(2, 3, 5, 6), Numbers(2, 3, 5, 7), Bools(4, 5, emptyRow: 2)], Note = "a query that may look at nothing" },
        new("Attention", 24, [2, 3, 4, 6]) { Constants = [Numbers(2, 3, 5, 6), Numbers(2, 3, 5, 7), Bools(4, 5)], Attributes = [("softcap", 2f), ("is_causal", 1)], Note = "all at once" },
        new("Attention", 23, [2, 3, 4, 6]) { Constants = [Numbers(2, 3, 5, 6), Numbers(2, 3, 5, 7)], Attributes = [("softcap", 2f), ("softmax_precision", 1)] },
        new("Attention", 23, [2, 3, 2, 6]) { Constants = [Numbers(2, 3, 2, 6), Numbers(2, 3, 2, 7), Numbers(2, 5), Numbers(2, 3, 3, 6), Numbers(2, 3, 3, 7)], Attributes = [("is_causal", 1)], Outputs = 3, Note = "keys and values of before" },
        new("QuantizeLinear", 23, [2, 3]) { Constants = [TensorData.Scalar(0.01f), TensorData.FromBytes(ElementType.UInt8, Shape.Scalar, new byte[] { 100 })], Attributes = [("precision", 1)] },
        new("Cast", 24, [2, 3]) { Attributes = [("to", 7), ("round_mode", "up")] },
        new("CastLike", 24, [2, 3]) { Constants = [TensorData.Scalar(1L)], Attributes = [("round_mode", "down")] },
        new("Conv", 22, [1, 2, 5, 5]) { Constants = [Numbers(3, 2, 3, 3)] },
        new("Softplus", 26, [2, 3]),
        new("Pad", 25, [2, 3]) { Constants = [TensorData.Vector(1, 0, 0, 2)] },
    ];

    public static IEnumerable<object[]> Rows => Cases.Select(c => new object[] { c });

    [TestMethod, DynamicData(nameof(Rows))]
    public void TheDowngradedNodeComputesTheSame(UpgradeCase c)
    {
        Model model = c.Build();
        model.IrVersion = 13;
        c.AssertSameOutputs(model, m => DowngradeOpset.Run(m), 1e-6f);
        Assert.AreEqual((21L, 10L), (model.Opset, model.IrVersion));
    }

    /// <summary>Every step has a row above, or is a refusal.</summary>
    [TestMethod]
    public void EveryStepHasACase()
    {
        HashSet<(string, int)> missing = [.. OpsetDowngrades.All.Keys];
        foreach (UpgradeCase c in Cases)
            missing.RemoveWhere(step => step.Item1 == c.OpType && step.Item2 <= c.Opset);
        missing.ExceptWith(OpsetDowngrades.Without.Keys);
        missing.Remove(("DequantizeLinear", 23));       // below
        Assert.AreEqual("", string.Join(", ", missing));
    }

    /// <summary>A result in another type than the scale's, which no runtime here computes, is a cast behind it.</summary>
    [TestMethod]
    public void ADequantizedValueOfAnotherTypeIsCast()
    {
        Model model = new(new Graph()) { Opset = 23, IrVersion = 11 };
        Value x = model.Graph.AddInput("x", ElementType.Int8, Shape.Of(3));
        Node node = model.Graph.AddNode("DequantizeLinear", [x, model.Graph.AddInitializer("scale", TensorData.Scalar(0.5f))], ["y"]);
        node.Attributes.Set("output_dtype", ElementType.Double);
        (node.Outputs[0]!.ElementType, node.Outputs[0]!.Shape) = (ElementType.Double, x.Shape);
        model.Graph.SetOutputs(node.Outputs[0]!);
        DowngradeOpset.Run(model);
        TensorData y = RuntimeSession.RunOnce(model, new Dictionary<string, TensorData> { ["x"] = TensorData.FromBytes(ElementType.Int8, Shape.Of(3), new byte[] { 1, 2, 255 }) })["y"];
        Assert.AreEqual(ElementType.Double, y.ElementType);
        CollectionAssert.AreEqual(new[] { 0.5f, 1, -0.5f }, y.ToFloats());
    }

    private static TensorData Numbers(params long[] shape) => Filled(shape, i => MathF.Sin(2 + i * 2.3f));

    private static TensorData Angles(params long[] shape) => Filled(shape, i => MathF.Cos(i * 0.3f));

    private static TensorData Angles(long positions, long size, Func<float, float> function) => Filled([positions, size], i => function(i * 0.3f));

    private static TensorData Angles(long batch, long positions, long size, Func<float, float> function) => Filled([batch, positions, size], i => function(i * 0.3f));

    private static TensorData Filled(long[] shape, Func<int, float> element) =>
        TensorData.FromFloats([.. Enumerable.Range(0, (int)shape.Aggregate(1L, (a, b) => a * b)).Select(element)], shape);

    /// <summary>[rows, columns]: two of three are true, the first of each row always, and of one row none.</summary>
    private static TensorData Bools(int rows, int columns, int emptyRow = -1) => TensorData.FromBytes(ElementType.Bool, Shape.Of(rows, columns),
        Enumerable.Range(0, rows * columns).Select(i => (byte)((i % columns == 0 || i % 3 != 1) && i / columns != emptyRow ? 1 : 0)).ToArray());
}
