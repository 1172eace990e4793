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
        Assert.AreEqual("[batch, 1, 8]", Infer(ShapeModels.ConditionalRank()).Get("y").Shape!.ToString());

    /// <summary>A run with made-up widths, axes or shapes would tell sizes that other ones do not have.</summary>
    [TestMethod]
    public void SizesThatElementsOfAnInputDecideStayUnknown()
    {
        Graph graph = Infer(ShapeModels.DataDependentSizes());
        foreach (Value output in graph.Outputs)
            Assert.IsFalse(output.Shape is { } shape && shape.Skip(output.Name == "places" ? 1 : 0).Any(d => d.IsStatic), output.ToString());
    }

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

    /// <summary>Types that the runtime's .NET interface does not name, as a large weight and as what quantization makes.</summary>
    [TestMethod]
    [DataRow(ElementType.Int4)]
    [DataRow(ElementType.UInt4)]
    [DataRow(ElementType.Float8E4M3FN)]
    [DataRow(ElementType.Float8E5M2)]
    public void QuantizedValuesOfNarrowTypesHaveShapes(ElementType type)
    {
        GraphBuilder op = new(new Graph());
        Value x = op.Graph.AddInput("x", ElementType.Float, new Shape(Dimension.Named("N"), 64)), scale = op.Scalar(0.5);
        Value weight = op.Graph.AddInitializer("weight", TensorData.FromBytes(type, Shape.Of(64, 48), new byte[64 * 48 * type.BitWidth() / 8]));
        Value quantized = op.Op("QuantizeLinear", [x, scale], ("output_dtype", type)), moved = op.Transpose(quantized, 1, 0);
        Value y = op.MatMul(op.Transpose(op.Op("DequantizeLinear", [moved, scale]), 1, 0), op.Op("DequantizeLinear", [weight, scale]));
        op.Graph.SetOutputs(y);
        Infer(new Model(op.Graph) { Opset = 21 });
        Assert.AreEqual($"{type} [batch, 64] {type} [64, batch]", $"{quantized.ElementType} {quantized.Shape} {moved.ElementType} {moved.Shape}");
        Assert.AreEqual("Float [batch, 48]", $"{y.ElementType} {y.Shape}");
    }

    private static Graph Infer(Model model)
    {
        InferShapes.Run(model);
        return model.Graph;
    }
}
