using OnnxFineTune.Surgery;

namespace OnnxFineTune.Training.Tests;

/// <summary>What the gradient of Resize is made of, and what it refuses.</summary>
[TestClass]
public sealed class ResizeGradientTests
{
    [TestMethod]
    public void WholeEnlargementIsASumOverWindows() => CollectionAssert.AreEqual(new[] { "Concat", "Reshape", "ReduceSum" },
        Backward([1, 1, 2, 2], ("mode", "nearest"), ("coordinate_transformation_mode", "asymmetric"), ("nearest_mode", "floor")));

    [TestMethod]
    public void OnlyResizedAxesAreMultiplied()
    {
        string[] nodes = Backward([1, 1, 2, 1.5f], ("mode", "linear"));
        Assert.AreEqual(2, nodes.Count(n => n == "MatMul"));
        Assert.AreEqual(2, nodes.Count(n => n == "Resize"));
        Assert.AreEqual(1, Backward([1, 1, 1, 1.5f], ("mode", "linear")).Count(n => n == "MatMul"));
    }

    [TestMethod]
    public void NoScaleCostsNothing() => CollectionAssert.AreEqual(Array.Empty<string>(), Backward([1, 1, 1, 1], ("mode", "nearest")));

    [TestMethod]
    public void SizesThatFollowTheBatchAreSeenToKeepIt()
    {
        GraphBuilder op = Input(out Value x);
        Value sizes = op.Concat(0, op.Shape_(x, 0, 2), op.Longs(6, 7));
        string[] nodes = Differentiate(op, x, op.Op("Resize", [x, null, null, sizes], ("mode", "cubic")));
        Assert.AreEqual(2, nodes.Count(n => n == "MatMul"));
    }

    [TestMethod]
    public void PolicyOverAllAxesIsRefused()
    {
        GraphBuilder op = Input(out Value x);
        Value y = op.Op("Resize", [x, null, null, op.Longs(2, 2, 5, 6)], ("keep_aspect_ratio_policy", "not_larger"));
        GraphException e = Assert.ThrowsExactly<GraphException>(() => Differentiate(op, x, y));
        StringAssert.Contains(e.Message, "keep_aspect_ratio_policy");
        StringAssert.Contains(e.Message, "'axes'");
    }

    private static string[] Backward(float[] scales, params (string, object?)[] attributes)
    {
        GraphBuilder op = Input(out Value x);
        return Differentiate(op, x, op.Op("Resize", [x, null, op.Constant(TensorData.FromFloats(scales, 4))], attributes));
    }

    private static GraphBuilder Input(out Value x)
    {
        GraphBuilder op = new(new Graph("resize"));
        x = op.Graph.AddInput("x", ElementType.Float, new Shape(Dimension.Named("batch"), 2, 4, 5));
        return op;
    }

    /// <summary>The operators of the backward pass from a given dL/dY.</summary>
    private static string[] Differentiate(GraphBuilder op, Value x, Value y)
    {
        op.Graph.AddOutput(y);
        InferShapes.Run(new Model(op.Graph) { Opset = GraphBuilder.WorkingOpset });
        Value g = op.Graph.AddInput("g", ElementType.Float, y.Shape!);
        int forward = op.Graph.Nodes.Count;
        Assert.IsTrue(Differentiation.Append(op, y, g, [x]).ContainsKey(x));
        return [.. op.Graph.Nodes.Skip(forward).Select(n => n.OpType)];
    }
}
