using OnnxFineTune.Surgery;

namespace OnnxFineTune.Training.Tests;

/// <summary>Frozen layers and what stands behind them become one model again.</summary>
[TestClass]
public sealed class FrozenFrontTests
{
    [TestMethod]
    public void TheJoinedModelGoesFromTheInputsToTheOutputs()
    {
        Model joined = FrozenFront.Join(Front("features"), Behind("features"));
        Assert.AreEqual("x", joined.Graph.FeedInputs.Single().Name);
        Assert.AreEqual("y", joined.Graph.Outputs.Single().Name);
        Assert.AreEqual("Mul Mul Relu Mul Add", string.Join(' ', joined.Graph.Nodes.Select(n => n.OpType)));
        _ = Model.Parse(joined.ToBytes()).ToWorkingForm();      // the runtime's own checks
    }

    [TestMethod]
    public void AConstantThatBothReadIsStoredOnce()
    {
        Graph joined = FrozenFront.Join(Front("features"), Behind("features")).Graph;
        Assert.HasCount(2, joined.Get("shared").Uses);
        CollectionAssert.AreEquivalent((string[])["shared", "own", "own_1"], joined.Initializers.Select(i => i.Name).ToArray());
    }

    [TestMethod]
    public void OfTwoConstantsOfOneNameTheOneBehindKeepsIt()
    {
        Graph joined = FrozenFront.Join(Front("features"), Behind("features")).Graph;
        CollectionAssert.AreEqual((float[])[7], joined.Get("own").Data!.ToFloats());
        CollectionAssert.AreEqual((float[])[5], joined.Get("own_1").Data!.ToFloats());
    }

    [TestMethod]
    public void MetadataIsThatOfTheTrainedLayers()
    {
        Model front = Front("features"), behind = Behind("features");
        front.Metadata["key"] = "old";
        behind.Metadata["key"] = "new";
        Assert.AreEqual("new", FrozenFront.Join(front, behind).Metadata["key"]);
    }

    [TestMethod]
    public void PartsThatWereNotMadeTogetherAreRefused()
    {
        GraphException missing = Assert.ThrowsExactly<GraphException>(() => FrozenFront.Join(Front("other"), Behind("features")));
        StringAssert.StartsWith(missing.Message, "The frozen layers do not compute the feature 'features'");
        Model older = Front("features");
        older.Opset = 13;
        StringAssert.Contains(Assert.ThrowsExactly<GraphException>(() => FrozenFront.Join(older, Behind("features"))).Message, "operator set 13");
    }

    [TestMethod]
    public void ThePartsStayAsTheyAre()
    {
        Model front = Front("features"), behind = Behind("features");
        byte[] frontBytes = front.ToBytes(), behindBytes = behind.ToBytes();
        _ = FrozenFront.Join(front, behind);
        CollectionAssert.AreEqual(frontBytes, front.ToBytes());
        CollectionAssert.AreEqual(behindBytes, behind.ToBytes());
    }

    /// <summary>relu(x·shared·own) → feature; a constant <c>own</c> of the same name as one behind.</summary>
    private static Model Front(string feature) => Build("x", feature, 5, (b, x, own) => b.Relu(b.Mul(b.Mul(x, b.Graph.Get("shared")), own)));

    /// <summary>feature·shared + own → y.</summary>
    private static Model Behind(string feature) => Build(feature, "y", 7, (b, x, own) => b.Add(b.Mul(x, b.Graph.Get("shared")), own));

    private static Model Build(string input, string output, float own, Func<GraphBuilder, Value, Value, Value> body)
    {
        Graph graph = new();
        Value x = graph.AddInput(input, ElementType.Float, new Shape(Dimension.Named("N"), 1));
        graph.AddInitializer("shared", TensorData.FromFloats([3], 1));
        Value y = body(new GraphBuilder(graph), x, graph.AddInitializer("own", TensorData.FromFloats([own], 1)));
        graph.Rename(y, output);
        graph.AddOutput(y);
        Model model = new(graph) { Opset = GraphBuilder.WorkingOpset };
        InferShapes.Run(model);
        return model;
    }
}
