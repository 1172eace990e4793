namespace OnnxFineTune.Surgery.Tests;

[TestClass]
public sealed class InferenceModeTests
{
    private static readonly TensorData[] PerChannel =
    [
        TensorData.FromFloats([1, 2, 0.5f], 3), TensorData.FromFloats([0.1f, 0.2f, 0.3f], 3), TensorData.FromFloats([0.5f, -0.5f, 0.25f], 3), TensorData.FromFloats([0.5f, 2, 1], 3),
    ];

    private static readonly TensorData Input = TensorData.FromFloats([.. Enumerable.Range(0, 12).Select(i => i / 4f - 1)], 2, 3, 2);

    /// <summary>Operator set, outputs of the node, how many of them the graph gives.</summary>
    [TestMethod]
    [DataRow(7, 5, 1)]
    [DataRow(9, 5, 1)]
    [DataRow(9, 5, 5)]
    [DataRow(13, 3, 1)]
    [DataRow(14, 3, 1)]
    [DataRow(14, 3, 3)]
    [DataRow(15, 1, 1)]
    [DataRow(15, 3, 3)]
    public void BatchNormalizationUsesTheGivenStatistics(int opset, int outputs, int given)
    {
        UpgradeCase training = Case(opset, outputs);
        foreach (Model model in opset < 14 ? [training.Build(), training.BuildInBranch()] : new[] { training.Build(), training.BuildInBranch(), training.BuildInFunction() })
        {
            model.Graph.SetOutputs([.. model.Graph.Outputs.Take(given)]);
            string[] names = [.. model.Graph.Outputs.Select(o => o.Name)];
            InferenceMode.Run(model);
            CollectionAssert.AreEqual(names, model.Graph.Outputs.Select(o => o.Name).ToArray());
            foreach (Node node in DowngradeOpset.Graphs(model.Graph).SelectMany(g => g.Nodes).Where(n => n.OpType == "BatchNormalization"))
                Assert.AreEqual((1, false), (node.Outputs.Count, node.Attributes.Has("training_mode")));
            IReadOnlyDictionary<string, TensorData> results = RuntimeSession.RunOnce(Model.Parse(model.ToBytes()), new Dictionary<string, TensorData> { ["x"] = Input });
            float[] y = results[names[0]].ToFloats(), x = Input.ToFloats();
            float[][] c = [.. PerChannel.Select(p => p.ToFloats())];
            for (int i = 0; i < y.Length; i++)
                Assert.AreEqual((x[i] - c[2][i / 2 % 3]) / MathF.Sqrt(c[3][i / 2 % 3] + 1e-5f) * c[0][i / 2 % 3] + c[1][i / 2 % 3], y[i], 1e-5f);
            for (int i = 1; i < given; i++)
                CollectionAssert.AreEqual(c[i % 2 == 1 ? 2 : 3], results[names[i]].ToFloats());
        }
    }

    [TestMethod]
    [DataRow(6)]
    [DataRow(12)]
    [DataRow(13)]
    public void DropoutPassesItsInputOn(int opset)
    {
        UpgradeCase training = opset == 6
            ? new UpgradeCase("Dropout", 6, [2, 3, 2]) { Attributes = [("is_test", 0)] }
            : new UpgradeCase("Dropout", opset, [2, 3, 2]) { Constants = [TensorData.Scalar(0.5f), TensorData.FromBytes(ElementType.Bool, Shape.Scalar, new byte[] { 1 })] };
        foreach (Model model in opset == 6 ? [training.Build()] : new[] { training.Build(), training.BuildInFunction() })
        {
            InferenceMode.Run(model);
            UpgradeOpset.Run(model);
            CollectionAssert.AreEqual(Input.ToFloats(), RuntimeSession.RunOnce(model, new Dictionary<string, TensorData> { ["x"] = Input })["y0"].ToFloats());
        }
    }

    [TestMethod]
    public void ADropoutWhoseModeIsFedStaysAsItIs()
    {
        Model model = new UpgradeCase("Dropout", 13, [2, 3, 2]) { Constants = [TensorData.Scalar(0.5f)] }.Build();
        model.Graph.Nodes[0].SetInput(2, model.Graph.AddInput("training", ElementType.Bool, Shape.Scalar));
        InferenceMode.Run(model);
        Assert.AreEqual("training", model.Graph.Nodes[0].Inputs[2]!.Name);
    }

    private static UpgradeCase Case(int opset, int outputs) =>
        new("BatchNormalization", opset, [2, 3, 2]) { Constants = PerChannel, Outputs = outputs, Attributes = opset < 14 ? [] : [("training_mode", 1)] };
}
