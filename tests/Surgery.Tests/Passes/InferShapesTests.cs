using OnnxFineTune.Models;

namespace OnnxFineTune.Surgery.Tests;

[TestClass]
public sealed class InferShapesTests
{
    [TestMethod]
    public void DimensionsThatFollowTheBatchAreNamedAfterIt()
    {
        Graph graph = Infer(ShapeModels.ShapeArithmetic());
        Assert.AreEqual("[batch, 4, 6]", graph.Get("x").Shape!.ToString());
        Assert.AreEqual("[batch, 24]", graph.Get("rows").Shape!.ToString());
        Assert.AreEqual("[4*batch, 6]", graph.Get("lines").Shape!.ToString());
        Assert.AreEqual("[]", graph.Get("sum").Shape!.ToString());
        Assert.IsTrue(graph.Values.All(v => v.Shape is not null && v.ElementType != ElementType.Undefined));
    }

    [TestMethod]
    public void AnUnknownRankIsSeenInARun() =>
        Assert.AreEqual("[batch, 2, 4]", Infer(ShapeModels.DataDependentRank()).Get("y").Shape!.ToString());

    [TestMethod]
    public void OtherFreeDimensionsKeepTheirNamesAndWeightsStayUnread()
    {
        TensorData weight = new(ElementType.Float, Shape.Of(64, 3, 3, 3), new UnreadableStorage());
        Graph graph = Infer(ShapeModels.FreeImageSize(weight));
        Assert.AreEqual("[batch, 3, H, W]", graph.Get("x").Shape!.ToString());
        Assert.AreEqual(4, graph.Get("y").Shape!.Rank);
        Assert.AreEqual("batch", graph.Get("y").Shape![0].Symbol);
        Assert.AreEqual("[batch, 64, 1, 1]", graph.Get("pooled").Shape!.ToString());
    }

    [TestMethod]
    public void WrongDeclarationsAreCorrected()
    {
        Model model = ShapeModels.ShapeArithmetic();
        model.Graph.Get("rows").Shape = Shape.Of(1, 24);
        model.Graph.Get("rows").ElementType = ElementType.Float;
        Assert.AreEqual("[batch, 24]", Infer(model).Get("rows").Shape!.ToString());
    }

    private static Graph Infer(Model model)
    {
        InferShapes.Run(model);
        return model.Graph;
    }

    /// <summary>Elements that must not be read.</summary>
    private sealed class UnreadableStorage : TensorStorage
    {
        public override ReadOnlyMemory<byte> GetBytes(TensorData tensor) => throw new InvalidOperationException($"The weight {tensor} was read.");
    }
}
