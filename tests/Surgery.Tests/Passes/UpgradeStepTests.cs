namespace OnnxFineTune.Surgery.Tests;

/// <summary>Upgrade steps that the conformance models do not reach, each against ONNX Runtime's own reading of the old operator.</summary>
[TestClass]
public sealed class UpgradeStepTests
{
    private static readonly UpgradeCase[] Cases =
    [
        new("Softmax", 7, [2, 3, 4]) { Note = "two axes together" },
        new("Softmax", 11, [2, 3, 4]) { Attributes = [("axis", -2)] },
        new("Softmax", 11, [2, 3, 1, 1]) { Attributes = [("axis", 1)], Note = "ones behind the axis" },
        new("LogSoftmax", 12, [2, 3, 4]) { Attributes = [("axis", 0)] },
        new("Hardmax", 12, [2, 3, 4]),
        new("Clip", 7, [2, 3]) { Attributes = [("min", -0.5f), ("max", 0.25f)] },
        new("Clip", 10, [2, 3]) { Attributes = [("max", 0.25f)], Note = "no lower bound" },
        new("Slice", 9, [4, 5]) { Attributes = [("starts", new[] { 1L, -3L }), ("ends", new[] { 3L, 9L }), ("axes", new[] { 0L, 1L })] },
        new("Slice", 7, [4, 5]) { Attributes = [("starts", new[] { 1L }), ("ends", new[] { 3L })] },
        new("Pad", 10, [2, 3]) { Attributes = [("pads", new[] { 0L, 1L, 1L, 0L }), ("value", 2.5f)] },
        new("Pad", 10, [4, 4]) { Attributes = [("pads", new[] { 1L, 1L, 1L, 0L }), ("mode", "reflect")] },
        new("Squeeze", 12, [1, 3, 1]) { Attributes = [("axes", new[] { 2L })] },
        new("Squeeze", 7, [1, 3, 1]),
        new("Unsqueeze", 12, [3, 2]) { Attributes = [("axes", new[] { 0L, 3L })] },
        new("ReduceSum", 12, [2, 3, 4]) { Attributes = [("axes", new[] { 1L, 2L }), ("keepdims", 0)] },
        new("ReduceMean", 17, [2, 3, 4]) { Attributes = [("axes", new[] { -1L })] },
        new("ReduceL2", 8, [2, 3, 4]) { Attributes = [("axes", new[] { 0L })] },
        new("ReduceMax", 13, [2, 3, 4]),
        new("Split", 12, [6, 2]) { Attributes = [("split", new[] { 1L, 5L })], Outputs = 2 },
        new("Split", 13, [6, 2]) { Outputs = 3 },
        new("Split", 7, [2, 6]) { Outputs = 2, Attributes = [("axis", 1)] },
        new("TopK", 9, [3, 5]) { Attributes = [("k", 2)], Outputs = 2 },
        new("Upsample", 7, [1, 2, 3, 3]) { Attributes = [("scales", new[] { 1f, 1f, 2f, 3f })] },
        new("Upsample", 8, [1, 2, 3, 3]) { Attributes = [("scales", new[] { 1f, 1f, 2f, 2f }), ("mode", "linear")] },
        new("Upsample", 9, [1, 2, 3, 3]) { Constants = [TensorData.FromFloats([1, 1, 2.5f, 2], 4)] },
        new("Resize", 10, [1, 2, 5, 5]) { Constants = [TensorData.FromFloats([1, 1, 0.6f, 0.6f], 4)], Note = "shrinks" },
        new("Resize", 10, [1, 2, 5, 5]) { Constants = [TensorData.FromFloats([1, 1, 1.7f, 2], 4)], Attributes = [("mode", "linear")] },
        new("Resize", 10, [1, 2, 5, 5]) { Constants = [TensorData.FromFloats([1, 1, 0.6f, 1.7f], 4)], Note = "shrinks and enlarges" },
        new("Resize", 10, [1, 2, 5, 5]) { Constants = [TensorData.FromFloats([1, 1, 0.6f, 1.7f], 4)], Attributes = [("mode", "linear")], Note = "shrinks and enlarges" },
        new("LpPool", 7, [1, 2, 5, 5]) { Attributes = [("kernel_shape", new[] { 2L, 3L }), ("strides", new[] { 2L, 1L }), ("pads", new[] { 0L, 1L, 1L, 1L }), ("p", 3)] },
        new("MaxPool", 7, [1, 2, 5, 5]) { Attributes = [("kernel_shape", new[] { 2L, 3L }), ("strides", new[] { 2L, 1L })] },
        new("MaxUnpool", 9, [1, 1, 2, 2]) { Constants = [TensorData.FromLongs([0, 3, 9, 14], 1, 1, 2, 2)], Attributes = [("kernel_shape", new[] { 2L, 2L }), ("strides", new[] { 2L, 2L })] },
        new("Resize", 11, [1, 1, 4, 4]) { Constants = [TensorData.FromFloats([], 0), TensorData.FromFloats([], 0), TensorData.FromLongs([1, 1, 7, 3], 4)], Note = "sizes beside empty scales" },
        new("BatchNormalization", 8, [2, 3, 4]) { Constants = PerChannel(4), Attributes = [("spatial", 1)] },
        new("BatchNormalization", 9, [2, 3, 4]) { Constants = PerChannel(4) },
        new("Dropout", 7, [2, 3]) { Attributes = [("ratio", 0.3f)] },
        new("Dropout", 11, [2, 3]) { Attributes = [("ratio", 0.3f)] },
        new("PRelu", 7, [2, 3, 4]) { Constants = [TensorData.FromFloats([0.1f, 0.2f, 0.3f], 3, 1)] },
        new("Scatter", 9, [3, 3]) { Constants = [TensorData.FromLongs([1, 0, 2], 1, 3), TensorData.FromFloats([7, 8, 9], 1, 3)] },
        new("LayerNormalization", 12, [2, 3, 4]) { Constants = [TensorData.FromFloats([1, 2, 3, 4], 4)], Attributes = [("axis", -1), ("epsilon", 0.1f)], Note = "the runtime's own, before the standard had it" },
        new("MeanVarianceNormalization", 9, [2, 3, 4]) { Attributes = [("axes", new[] { 0L, 2L })] },
        new("GridSample", 16, [1, 1, 4, 4]) { Constants = [TensorData.FromFloats([-0.5f, 0.5f, 0.1f, -0.9f], 1, 1, 2, 2)], Attributes = [("mode", "bicubic")] },
        new("DFT", 17, [1, 4, 3, 1]),
        new("DFT", 17, [1, 4, 3, 1]) { Attributes = [("axis", 2)] },
        new("Gemm", 7, [2, 3]) { Constants = [TensorData.FromFloats([1, 2, 3, 4, 5, 6], 3, 2), TensorData.FromFloats([1, 2], 2)] },
        new("Flatten", 7, [2, 3, 4]),
        new("MaxPool", 7, [1, 1, 5, 5]) { Attributes = [("kernel_shape", new[] { 2L, 2L }), ("strides", new[] { 2L, 2L })] },
        new("AveragePool", 10, [1, 1, 5, 5]) { Attributes = [("kernel_shape", new[] { 2L, 2L }), ("strides", new[] { 2L, 2L }), ("ceil_mode", 1)] },
        new("RoiAlign", 10, [1, 1, 6, 6]) { Constants = [TensorData.FromFloats([0, 0, 4, 4], 1, 4), TensorData.FromLongs([0], 1)], Attributes = [("output_height", 2), ("output_width", 2), ("sampling_ratio", 2)] },
    ];

    public static IEnumerable<object[]> Rows => Cases.Select(c => new object[] { c });

    [TestMethod, DynamicData(nameof(Rows))]
    public void TheUpgradedNodeComputesTheSame(UpgradeCase c)
    {
        Model model = c.Build();
        c.AssertSameOutputs(model, m => UpgradeOpset.Run(m), 1e-5f);
        Assert.AreEqual(GraphBuilder.WorkingOpset, model.Opset);
    }

    [TestMethod]
    public void GroupNormalizationGetsItsAffinePerChannel()
    {
        TensorData[] affine = [TensorData.FromFloats([2, -1], 2), TensorData.FromFloats([0.5f, 3], 2)];
        UpgradeCase c = new("GroupNormalization", 18, [1, 4, 2]) { Constants = affine, Attributes = [("num_groups", 2)] };
        Model model = c.Build();
        UpgradeOpset.Run(model);
        float[] x = c.Input().ToFloats(), y = RuntimeSession.RunOnce(model, new Dictionary<string, TensorData> { ["x"] = c.Input() })["y0"].ToFloats();
        foreach (int group in new[] { 0, 1 })
        {
            float[] part = x[(group * 4)..(group * 4 + 4)];
            float mean = part.Average(), deviation = MathF.Sqrt(part.Average(v => (v - mean) * (v - mean)) + 1e-5f);
            for (int i = 0; i < 4; i++)
                Assert.AreEqual((part[i] - mean) / deviation * affine[0].ToFloats()[group] + affine[1].ToFloats()[group], y[group * 4 + i], 1e-5f);
        }
    }

    [TestMethod]
    public void AMaskThatIsReadKeepsItsElementType()
    {
        Model model = new UpgradeCase("Dropout", 9, [2, 3]) { Outputs = 2 }.Build();
        UpgradeOpset.Run(model);
        InferShapes.Run(model);
        CollectionAssert.AreEqual(new[] { "y0", "y1" }, model.Graph.Outputs.Select(o => o.Name).ToArray());
        Assert.AreEqual("Float [2, 3]", $"{model.Graph.Outputs[1].ElementType} {model.Graph.Outputs[1].Shape}");
    }

    [TestMethod]
    public void RunningStatisticsThatAreReadMeanTraining()
    {
        Model inference = new UpgradeCase("BatchNormalization", 9, [2, 3, 4]) { Constants = PerChannel(4), Outputs = 5 }.Build();
        Model training = inference.Clone();
        inference.Graph.SetOutputs(inference.Graph.Get("y0"));
        training.Graph.SetOutputs(training.Graph.Get("y0"), training.Graph.Get("y1"));
        UpgradeOpset.Run(inference);
        UpgradeOpset.Run(training);
        Assert.AreEqual((1, 0L), (inference.Graph.Nodes[0].Outputs.Count, inference.Graph.Nodes[0].Attributes.Int("training_mode")));
        Assert.AreEqual((3, 1L), (training.Graph.Nodes[0].Outputs.Count, training.Graph.Nodes[0].Attributes.Int("training_mode")));
    }

    [TestMethod]
    public void AnAxisOfTheFirstOperatorsBecomesTrailingOnes()
    {
        Model model = new(new Graph()) { Opset = 6 };
        Value x = model.Graph.AddInput("x", ElementType.Float, Shape.Of(2, 3, 2));
        Value relu = model.Graph.AddNode("Relu", [x], ["relu"]).Outputs[0]!;
        Node add = model.Graph.AddNode("Add", [relu, model.Graph.AddInitializer("bias", TensorData.FromFloats([10, 20, 30], 3))], ["y"]);
        add.Attributes.Set("broadcast", 1);
        add.Attributes.Set("axis", 1);
        model.Graph.SetOutputs(add.Outputs[0]!);
        UpgradeOpset.Run(model);
        float[] y = RuntimeSession.RunOnce(model, new Dictionary<string, TensorData> { ["x"] = TensorData.FromFloats([.. Enumerable.Range(0, 12)], 2, 3, 2) })["y"].ToFloats();
        CollectionAssert.AreEqual(new float[] { 10, 11, 22, 23, 34, 35, 16, 17, 28, 29, 40, 41 }, y);
    }

    [TestMethod]
    public void NodesOfSubgraphsAreUpgradedToo()
    {
        Model model = new(new Graph()) { Opset = 10 };
        Value x = model.Graph.AddInput("x", ElementType.Float, Shape.Of(2, 3));
        Value condition = model.Graph.AddInput("condition", ElementType.Bool, Shape.Scalar);
        Node choice = model.Graph.AddNode("If", [condition], ["y"]);
        foreach ((string branch, float limit) in new[] { ("then_branch", 0.5f), ("else_branch", 0.1f) })
        {
            Graph subgraph = new(branch, model.Graph);
            Node clip = subgraph.AddNode("Clip", [x], [branch + "_y"]);
            clip.Attributes.Set("max", limit);
            subgraph.AddOutput(clip.Outputs[0]!);
            choice.Attributes.Set(branch, subgraph);
        }
        model.Graph.SetOutputs(choice.Outputs[0]!);
        UpgradeOpset.Run(model);
        Dictionary<string, TensorData> feeds = new() { ["x"] = TensorData.FromFloats([0, 1, 2, 3, 4, 5], 2, 3), ["condition"] = TensorData.FromBytes(ElementType.Bool, Shape.Scalar, new byte[] { 1 }) };
        CollectionAssert.AreEqual(new[] { 0, 0.5f, 0.5f, 0.5f, 0.5f, 0.5f }, RuntimeSession.RunOnce(model, feeds)["y"].ToFloats());
    }

    [TestMethod]
    public void WhatHasNoEquivalentIsNamed()
    {
        Model model = new UpgradeCase("BatchNormalization", 8, [2, 3, 4]) { Constants = PerChannel(4), Attributes = [("spatial", 0)] }.Build();
        GraphException e = Assert.ThrowsExactly<GraphException>(() => UpgradeOpset.Run(model));
        StringAssert.Contains(e.Message, "BatchNormalization 'y0'");
        StringAssert.Contains(e.Message, "spatial");
    }

    private static TensorData[] PerChannel(int count) =>
        [.. Enumerable.Range(1, count).Select(i => TensorData.FromFloats([0.5f * i, 0.3f + i, 0.1f * i], 3))];
}
