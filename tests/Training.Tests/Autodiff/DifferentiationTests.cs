using OnnxFineTune.Surgery;

namespace OnnxFineTune.Training.Tests;

/// <summary>The walk itself: what is visited, what is summed, what is refused.</summary>
[TestClass]
public sealed class DifferentiationTests
{
    private readonly GraphBuilder _op = new(new Graph("test"));

    [TestMethod]
    public void ContributionsOfSeveralUsersAreSummed()
    {
        Value x = Parameter("x", 3);
        Value square = _op.Mul(x, x);
        Value loss = Sum(_op.Sum(square, x, _op.Exp(x)));
        float[] gradient = Gradients(loss, [x], ("x", [0f, 1f, -2f]))[0];
        CollectionAssert.AreEqual(new[] { 2f, 3f + MathF.E, -3f + MathF.Exp(-2) }, gradient, Comparer());
    }

    [TestMethod]
    public void AParameterThatDoesNotReachTheLossIsMissing()
    {
        Value x = Parameter("x", 3), y = Parameter("y", 3), z = Parameter("z", 3);
        _op.Exp(y);
        Value loss = Sum(_op.Mul(x, _op.Floor(z)));
        IReadOnlyDictionary<Value, Value> gradients = Append(loss, x, y, z);
        CollectionAssert.AreEqual(new[] { x }, gradients.Keys.ToArray());
        Assert.AreEqual(x.Shape, gradients[x].Shape);
        Assert.AreEqual(ElementType.Float, gradients[x].ElementType);
    }

    [TestMethod]
    public void FrozenLayersAreNotVisited()
    {
        Value input = _op.Graph.AddInput("input", ElementType.Float, Shape.Of(3));
        Value frozen = _op.Op("Hardmax", [input]);      // has no rule, and needs none
        Value w = Parameter("w", 3);
        Value loss = Sum(_op.Mul(frozen, w));
        int before = _op.Graph.Nodes.Count;
        Append(loss, w);
        string[] added = [.. _op.Graph.Nodes.Skip(before).Select(n => n.OpType)];
        CollectionAssert.AreEqual(new[] { "Unsqueeze", "Expand", "Mul" }, added);
    }

    [TestMethod]
    public void NodesThatNoGradientNeedsAreRemoved()
    {
        Value x = Parameter("x", 3), w = Parameter("w", 3);
        Value loss = Sum(_op.Div(x, w));
        Append(loss, x);
        Assert.IsFalse(_op.Graph.Nodes.Any(n => n.OpType == "Neg"), "The gradient of the divisor was kept.");
        Assert.AreEqual(2, _op.Graph.Nodes.Count(n => n.OpType == "Div"), "The gradient of the dividend is missing.");
    }

    [TestMethod]
    public void AnIntermediateValueCanBeAskedFor()
    {
        Value x = Parameter("x", 2);
        Value middle = _op.Exp(x);
        Value loss = Sum(_op.Mul(middle, middle));
        float[][] gradients = Gradients(loss, [x, middle], ("x", [0f, 1f]));
        CollectionAssert.AreEqual(new[] { 2f, 2 * MathF.Exp(2) }, gradients[0], Comparer());
        CollectionAssert.AreEqual(new[] { 2f, 2 * MathF.E }, gradients[1], Comparer());
    }

    [TestMethod]
    [DataRow(false)]
    [DataRow(true)]
    public void SiluIsDifferentiatedAtOnce(bool sigmoidFirst)
    {
        float[] points = [0f, 1f, -2f, 30f, -30f, 1e6f, -1e6f];
        Value x = Parameter("x", points.Length);
        Value s = _op.Sigmoid(x);
        Value loss = Sum(sigmoidFirst ? _op.Mul(s, x) : _op.Mul(x, s));
        int before = _op.Graph.Nodes.Count;
        float[] gradient = Gradients(loss, [x], ("x", points))[0];
        Assert.AreEqual("Sub Mul Add Mul", string.Join(' ', _op.Graph.Nodes.Skip(before).Select(n => n.OpType).Where(t => t is not ("Unsqueeze" or "Expand" or "Identity"))));
        CollectionAssert.AreEqual(points.Select(p => (float)SiluSlope(p)).ToArray(), gradient, Comparer());
    }

    [TestMethod]
    public void TheSigmoidOfASiluCanBeAskedFor()
    {
        Value x = Parameter("x", 2);
        Value s = _op.Sigmoid(x);
        Value loss = Sum(_op.Mul(x, s));
        float[][] gradients = Gradients(loss, [x, s], ("x", [1f, -2f]));
        CollectionAssert.AreEqual(new[] { (float)SiluSlope(1), (float)SiluSlope(-2) }, gradients[0], Comparer());
        CollectionAssert.AreEqual(new[] { 1f, -2f }, gradients[1], Comparer());
    }

    private static double SiluSlope(double x)
    {
        double s = 1 / (1 + Math.Exp(-x));
        return s + (x * s * (1 - s));
    }

    [TestMethod]
    public void TheLossItselfHasGradientOne()
    {
        Value x = Parameter("x", 1);
        _op.Exp(x);
        CollectionAssert.AreEqual(new[] { 1f }, Gradients(x, [x], ("x", [5f]))[0]);
    }

    [TestMethod]
    public void ADynamicBatchIsSummedAtRunTime()
    {
        Value x = _op.Graph.AddInput("x", ElementType.Float, new Shape(Dimension.Named("N"), 3));
        Value scale = _op.Graph.AddInput("scale", ElementType.Float, new Shape(Dimension.Named("M"), 3));
        Value loss = Sum(_op.Mul(x, scale));
        float[] gradient = Gradients(loss, [scale], ("x", [1f, 2f, 3f, 4f, 5f, 6f]), ("scale", [0f, 0f, 0f]))[0];
        CollectionAssert.AreEqual(new[] { 5f, 7f, 9f }, gradient);
    }

    [TestMethod]
    public void AnOperatorWithoutARuleIsNamedWithItsPath()
    {
        Value w = Parameter("conv7.weight", 3);
        Value hidden = _op.Relu(w);
        Value odd = _op.Op("Unique", [hidden]);
        _op.Graph.Rename(odd, "boxes_2");
        odd.Producer!.Name = "nms_3";
        Value loss = Sum(_op.Exp(odd));
        GraphException e = Assert.ThrowsExactly<GraphException>(() => Append(loss, w));
        Assert.AreEqual("No gradient for 'Unique' (node 'nms_3') on the path from parameter 'conv7.weight' to the loss " +
            "('conv7.weight' → Relu 'Relu' → Unique 'nms_3' → … → loss). Freeze everything before 'boxes_2' or cut there.", e.Message);
    }

    [TestMethod]
    public void AControlFlowOperatorThatReadsAParameterInItsSubgraphIsRefused()
    {
        Value w = Parameter("w", 3);
        Value condition = _op.Graph.AddInput("condition", ElementType.Bool, Shape.Scalar);
        Graph branch = new("branch", _op.Graph);
        branch.AddOutput(new GraphBuilder(branch).Exp(w));
        Graph other = new("other", _op.Graph);
        GraphBuilder otherBuilder = new(other, "other");
        other.AddOutput(otherBuilder.Neg(w));
        Value result = _op.Op("If", [condition], ("then_branch", branch), ("else_branch", other));
        Value loss = Sum(result);
        GraphException e = Assert.ThrowsExactly<GraphException>(() => Append(loss, w));
        StringAssert.Contains(e.Message, "'If'");
        StringAssert.Contains(e.Message, "'w'");
    }

    [TestMethod]
    public void ALossThatIsNotOneNumberIsRefused()
    {
        Value w = Parameter("w", 3);
        Value loss = _op.Exp(w);
        loss.Shape = w.Shape;
        GraphException e = Assert.ThrowsExactly<GraphException>(() => Differentiation.Append(_op, loss, [w]));
        StringAssert.Contains(e.Message, "one floating-point number");
    }

    private Value Parameter(string name, long size) => _op.Graph.AddInput(name, ElementType.Float, Shape.Of(size));

    private Value Sum(Value x) => _op.ReduceSum(x, [], keepDims: false);

    private IReadOnlyDictionary<Value, Value> Append(Value loss, params Value[] parameters)
    {
        Model model = new(_op.Graph) { Opset = GraphBuilder.WorkingOpset };
        _op.Graph.AddOutput(loss);
        InferShapes.Run(model);
        return Differentiation.Append(_op, loss, parameters);
    }

    private float[][] Gradients(Value loss, Value[] parameters, params (string Name, float[] Elements)[] feeds)
    {
        IReadOnlyDictionary<Value, Value> gradients = Append(loss, parameters);
        Value[] outputs = [.. parameters.Select(p => _op.Identity(gradients[p]))];
        _op.Graph.SetOutputs(outputs);
        Dictionary<string, TensorData> inputs = feeds.ToDictionary(f => f.Name, f => TensorData.FromFloats(f.Elements,
            [.. _op.Graph.Get(f.Name).Shape!.Select(d => d.Value ?? f.Elements.Length / 3)]));
        IReadOnlyDictionary<string, TensorData> results = RuntimeSession.RunOnce(new Model(_op.Graph) { Opset = GraphBuilder.WorkingOpset }, inputs);
        return [.. outputs.Select(o => results[o.Name].ToFloats())];
    }

    private static System.Collections.IComparer Comparer() =>
        System.Collections.Generic.Comparer<float>.Create((a, b) => MathF.Abs(a - b) <= 1e-5f * MathF.Max(1, MathF.Abs(a)) ? 0 : a.CompareTo(b));
}
