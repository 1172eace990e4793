namespace OnnxFineTune.Surgery.Tests;

/// <summary>Upgrade steps that the conformance models do not reach, each against ONNX Runtime's own reading of the old operator.</summary>
[TestClass]
public sealed class UpgradeStepTests
{
    public static IEnumerable<object[]> Rows => UpgradeCases.All.Select(c => new object[] { c });

    [TestMethod, DynamicData(nameof(Rows))]
    public void TheUpgradedNodeComputesTheSame(UpgradeCase c)
    {
        Model model = c.Build();
        c.AssertSameOutputs(model, m => UpgradeOpset.Run(m), 1e-5f);
        Assert.AreEqual(GraphBuilder.WorkingOpset, model.Opset);
    }

    [TestMethod, DynamicData(nameof(Rows))]
    public void TheSameInABranch(UpgradeCase c)
    {
        Model model = c.BuildInBranch();
        c.AssertSameOutputs(model, m => UpgradeOpset.Run(m), 1e-5f);
        Assert.AreEqual(GraphBuilder.WorkingOpset, model.Opset);
    }

    [TestMethod, DynamicData(nameof(Rows))]
    public void TheSameInALocalFunction(UpgradeCase c) => c.AssertSameOutputs(c.Build(), c.BuildInFunction(), m =>
    {
        InlineFunctions.Run(m);
        UpgradeOpset.Run(m);
    }, 1e-5f);

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
        Model inference = new UpgradeCase("BatchNormalization", 9, [2, 3, 4]) { Constants = UpgradeCases.PerChannel(4), Outputs = 5 }.Build();
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
        Model model = new UpgradeCase("BatchNormalization", 8, [2, 3, 4]) { Constants = UpgradeCases.PerChannel(4), Attributes = [("spatial", 0)] }.Build();
        GraphException e = Assert.ThrowsExactly<GraphException>(() => UpgradeOpset.Run(model));
        StringAssert.Contains(e.Message, "BatchNormalization 'y0'");
        StringAssert.Contains(e.Message, "spatial");
    }

    [TestMethod]
    public void TheFirstScanIsRefused()
    {
        Model model = new UpgradeCase("Scan", 8, [1, 2, 3]).Build();
        StringAssert.Contains(Assert.ThrowsExactly<GraphException>(() => UpgradeOpset.Run(model)).Message, "the first Scan");
    }
}
