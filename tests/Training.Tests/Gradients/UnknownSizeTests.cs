using OnnxFineTune.Surgery;

namespace OnnxFineTune.Training.Tests;

/// <summary>Gradients of layers over images whose height and width are known only when the graph runs: the same as for fixed sizes.</summary>
[TestClass]
public sealed class UnknownSizeTests
{
    public static IEnumerable<object[]> Rows => Cases(NeedsSize, wanted: false);

    public static IEnumerable<object[]> RowsThatNeedTheSize => Cases(NeedsSize, wanted: true);

    [TestMethod]
    [DynamicData(nameof(Rows))]
    public void GradientsAreThoseOfFixedSizes(string row)
    {
        GradientCase c = Find(row);
        IReadOnlyDictionary<string, TensorData> expected = Run(c, Build(c, unknown: false));
        IReadOnlyDictionary<string, TensorData> actual = Run(c, Build(c, unknown: true));
        foreach ((string name, TensorData gradient) in expected)
        {
            Assert.AreEqual(gradient.Shape, actual[name].Shape, name);
            foreach ((float a, float b) in gradient.ToFloats().Zip(actual[name].ToFloats()))
                Assert.AreEqual(a, b, 2e-5f * Math.Max(1, Math.Abs(a)), name);
        }
    }

    [TestMethod]
    [DynamicData(nameof(RowsThatNeedTheSize))]
    public void StridedSamePaddingAsksForAFixedSize(string row) =>
        Assert.Contains("fixed image size", Assert.ThrowsExactly<GraphException>(() => Build(Find(row), unknown: true)).Message);

    private static IEnumerable<object[]> Cases(Func<GradientCase, bool> condition, bool wanted) =>
        Candidates.Where(c => condition(c) == wanted).Select(c => new object[] { c.ToString() });

    private static IEnumerable<GradientCase> Candidates =>
        ConvolutionCases.Rows.Concat(PoolingCases.Rows).Concat(ResizeCases.Rows).Concat(SpatialCases.Rows).Concat(NormalizationCases.Rows.Where(c => c.Operator is "InstanceNormalization" or "BatchNormalization" && c.Shapes[0]!.Length > 2));

    private static bool NeedsSize(GradientCase c) =>
        c.Attributes.Any(a => a is { Name: "auto_pad", Value: string mode } && mode.StartsWith("SAME", StringComparison.Ordinal))
        && c.Attributes.Any(a => a.Name == "strides") && c.Operator != "MaxPool";

    private static GradientCase Find(string row) => Candidates.Single(c => c.ToString() == row);

    private static Model Build(GradientCase c, bool unknown)
    {
        GraphBuilder op = new(new Graph("case"));
        Model model = new(op.Graph) { Opset = GraphBuilder.WorkingOpset };
        Value?[] inputs = [.. Enumerable.Range(0, c.InputCount).Select(i => Input(op, c, i, unknown))];
        Value output = op.Node(c.Operator, inputs, c.Outputs, c.Attributes).Outputs[0]!;
        op.Graph.SetOutputs(output);
        InferShapes.Run(model);
        Value cotangent = op.Graph.AddInput("c", ElementType.Float, new Shape(Dimension.Named("elements")));
        Value loss = op.ReduceSum(op.Mul(op.Reshape(output, -1), cotangent), [], keepDims: false);
        op.Graph.SetOutputs(loss);
        loss.Shape = Shape.Scalar;
        foreach (Value value in op.Graph.Nodes.SelectMany(n => n.Outputs).OfType<Value>())
            value.Shape ??= cotangent.Shape;
        IReadOnlyDictionary<Value, Value> gradients = Differentiation.Append(op, loss, [.. inputs.OfType<Value>().Where(i => i.IsInput)]);
        foreach ((Value input, Value gradient) in gradients)
        {
            Value copy = op.Identity(gradient);
            op.Graph.Rename(copy, $"d{input.Name}");
            op.Graph.AddOutput(copy);
        }
        RemoveUnused.Run(op.Graph);
        return model;
    }

    private static Value? Input(GraphBuilder op, GradientCase c, int index, bool unknown)
    {
        if (c.Constants.TryGetValue(index, out TensorData? constant))
            return op.Graph.AddInitializer($"k{index}", constant);
        if (c.Computed.TryGetValue(index, out TensorData? computed))
            return op.Identity(op.Graph.AddInitializer($"k{index}", computed));
        if (c.Shapes.ElementAtOrDefault(index) is not { } sizes)
            return null;
        Shape shape = Shape.Of(sizes);
        if (index == 0 && unknown)
            for (int axis = 2; axis < shape.Rank; axis++)
                shape = shape.With(axis, Dimension.Named($"size{axis}"));
        // The grid of a GridSample has the same batch.
        return op.Graph.AddInput($"x{index}", ElementType.Float, index == 0 && unknown && c.Operator != "GridSample" ? shape.With(0, Dimension.Named("batch")) : shape);
    }

    private static IReadOnlyDictionary<string, TensorData> Run(GradientCase c, Model model)
    {
        Random random = new(c.ToString().Length);
        Dictionary<string, TensorData> feeds = [];
        foreach (int i in c.Trained)
            feeds[$"x{i}"] = Random(random, c.Values.GetValueOrDefault(i), i == 4, c.Shapes[i]!);
        int elements = (int)RuntimeSession.RunOnce(Forward(c), feeds)["y"].Count;
        feeds["c"] = Random(random, null, false, elements);
        return RuntimeSession.RunOnce(model, feeds);
    }

    private static Model Forward(GradientCase c)
    {
        GraphBuilder op = new(new Graph("forward"));
        Value output = op.Node(c.Operator, [.. Enumerable.Range(0, c.InputCount).Select(i => Input(op, c, i, unknown: false))], c.Outputs, c.Attributes).Outputs[0]!;
        op.Graph.Rename(output, "y");
        op.Graph.SetOutputs(output);
        return new Model(op.Graph) { Opset = GraphBuilder.WorkingOpset };
    }

    private static TensorData Random(Random random, double[]? values, bool positive, params long[] shape)
    {
        float[] elements = new float[shape.Aggregate(1L, (a, b) => a * b)];
        for (int i = 0; i < elements.Length; i++)
            elements[i] = values is not null ? (float)values[i] : positive ? 0.5f + random.NextSingle() : random.NextSingle() - 0.5f;
        return TensorData.FromFloats(elements, shape);
    }
}
