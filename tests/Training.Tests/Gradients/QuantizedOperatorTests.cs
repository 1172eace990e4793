using OnnxFineTune.Surgery;

namespace OnnxFineTune.Training.Tests;

/// <summary>
/// Operators that compute with quantized tensors: what they are written out in gives the runtime's own result, within one step of the quantization, and the gradient of the same
/// operator on real numbers, since nothing lies outside of the range.
/// </summary>
[TestClass]
public sealed class QuantizedOperatorTests
{
    private const float Step = 0.05f, OutputStep = 0.1f;
    private const byte Zero = 120, OutputZero = 110;

    /// <summary>The operators that are tested here.</summary>
    public static readonly string[] Operators = [.. QuantizedCases.All.Select(c => c.FullName).Distinct()];

    public static IEnumerable<object[]> Rows => QuantizedCases.All.Select(c => new object[] { c.ToString() });

    [TestMethod, DynamicData(nameof(Rows))]
    public void WhatIsWrittenOutComputesTheSame(string row)
    {
        QuantizedCase c = Find(row);
        Model model = Build(c), written = WrittenOut(model);
        Assert.IsFalse(written.Graph.Nodes.Any(n => n.OpType == c.Operator && n.Domain == c.Domain && c.Domain.Length > 0 || n.OpType.StartsWith("QLinear", StringComparison.Ordinal)));
        float[] expected = Run(model, c)["y"], actual = Run(written, c)["y"];
        float step = c.GivesReal ? 1e-4f : OutputStep * 1.001f;
        for (int i = 0; i < expected.Length; i++)
            Assert.AreEqual(expected[i], actual[i], step, $"element {i}");
        Assert.IsTrue(expected.Any(v => v != 0));
    }

    [TestMethod, DynamicData(nameof(Rows))]
    public void GradientIsThatOfTheRealOperator(string row)
    {
        QuantizedCase c = Find(row);
        Model real = new(new Graph("real")) { Opset = GraphBuilder.WorkingOpset };
        GraphBuilder op = new(real.Graph);
        Value x = real.Graph.AddInput("x", ElementType.Float, Shape.Of(c.Shape));
        SetOutput(op, c.Real(op, x));
        InferShapes.Run(real);
        Shape shape = real.Graph.Outputs[0].Shape!;
        TensorData cotangent = TensorData.FromFloats([.. Enumerable.Range(1, (int)shape.ElementCount!.Value).Select(i => MathF.Sin(i))], shape.ToArray());
        float[] expected = Gradient(real, c, cotangent), actual = Gradient(WrittenOut(Build(c)), c, cotangent);
        float largest = expected.Max(MathF.Abs);
        Assert.IsGreaterThan(0, largest);
        for (int i = 0; i < expected.Length; i++)
            Assert.AreEqual(expected[i], actual[i], c.Tolerance * largest, $"element {i}");
    }

    private static QuantizedCase Find(string row) => QuantizedCases.All.First(c => c.ToString() == row);

    /// <summary>x → quantized → the operator → y.</summary>
    private static Model Build(QuantizedCase c)
    {
        GraphBuilder op = new(new Graph("quantized"));
        Model model = new(op.Graph) { Opset = GraphBuilder.WorkingOpset, OpsetImports = { ["com.microsoft"] = 1 } };
        Value x = op.Graph.AddInput("x", ElementType.Float, Shape.Of(c.Shape));
        Value q = c.TakesReal ? x : op.Op("QuantizeLinear", [x, op.Scalar(Step), Byte(op, Zero)]);
        Value[] scales = [op.Scalar(Step), Byte(op, Zero)], outputScales = [op.Scalar(OutputStep), Byte(op, OutputZero)];
        Node node = op.Node(c.Operator, c.Inputs(op, q, scales, outputScales), 1, c.Attributes);
        node.Domain = c.Domain;
        Value y = node.Outputs[0]!;
        if (!c.GivesReal)
            y = op.Op("DequantizeLinear", [y, .. c.KeepsScale ? scales : outputScales]);
        SetOutput(op, y);
        foreach (Value value in op.Graph.Nodes.SelectMany(n => n.Outputs).OfType<Value>())
            value.ElementType = ElementType.Undefined;
        InferShapes.Run(model);
        return model;
    }

    private static void SetOutput(GraphBuilder op, Value y)
    {
        op.Graph.Rename(y, "y");
        op.Graph.SetOutputs(y);
    }

    private static Value Byte(GraphBuilder op, byte value) => op.Constant(TensorData.FromBytes(ElementType.UInt8, Shape.Scalar, new[] { value }));

    private static Model WrittenOut(Model model)
    {
        Model work = model.ToWorkingForm();
        while (WriteOut.Run(work.Graph, work.Graph.Nodes))
            work = work.ToWorkingForm();
        return work;
    }

    /// <summary>Multiples of the step.</summary>
    private static TensorData Data(QuantizedCase c)
    {
        int count = (int)c.Shape.Aggregate(1L, (a, b) => a * b);
        return TensorData.FromFloats([.. Enumerable.Range(0, count).Select(i => Step * ((i * 13 % 41) - 20))], c.Shape);
    }

    private static Dictionary<string, float[]> Run(Model model, QuantizedCase c) =>
        RuntimeSession.RunOnce(model, new Dictionary<string, TensorData> { ["x"] = Data(c) }).ToDictionary(o => o.Key, o => o.Value.ToFloats());

    private static float[] Gradient(Model model, QuantizedCase c, TensorData cotangent)
    {
        GraphBuilder op = new(model.Graph, "grad");
        Value x = model.Graph.Get("x"), y = model.Graph.Outputs[0];
        Value gradient = op.Identity(Differentiation.Append(op, y, op.Constant(cotangent), [x])[x]);
        model.Graph.SetOutputs(gradient);
        RemoveUnused.Run(model.Graph);
        return Run(model, c)[gradient.Name];
    }
}
