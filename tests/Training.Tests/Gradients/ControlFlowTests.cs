using System.Runtime.InteropServices;
using OnnxFineTune.Surgery;

namespace OnnxFineTune.Training.Tests;

/// <summary>If, Loop, Scan, and operators of sequences: what they are written out in gives the same outputs, and gradients that match finite differences of the operators themselves, in float64.</summary>
[TestClass]
public sealed class ControlFlowTests
{
    /// <summary>The operators that are tested here.</summary>
    public static readonly string[] Operators = ["If", "Loop", "Scan", "SequenceAt", "SequenceLength", "ConcatFromSequence", "SplitToSequence", "SequenceMap", "OptionalGetElement"];

    private static readonly Dictionary<string, Func<GraphBuilder, Value, Value, Value>> Graphs = ControlFlowCases.All.Concat(SequenceCases.All).ToDictionary();

    private static readonly Dictionary<string, (Func<GraphBuilder, Value, Value, Value> Build, string Node, string Reason)> Refused = ControlFlowCases.Refused.Concat(SequenceCases.Refused).ToDictionary();

    private static readonly long[] XShape = [3, 2], WShape = [2, 2];

    public static IEnumerable<object[]> Cases => Graphs.Keys.Select(k => new object[] { k });

    public static IEnumerable<object[]> Refusals => Refused.Keys.Select(k => new object[] { k });

    [TestMethod, DynamicData(nameof(Cases))]
    public void WhatIsWrittenOutComputesTheSame(string name)
    {
        Model model = Build(Graphs[name]), written = WrittenOut(model);
        Assert.IsFalse(written.Graph.Nodes.Any(n => Operators.Contains(n.OpType)));
        foreach (double sign in new[] { 1.0, -1.0 })
        {
            (double[] x, double[] w) = (Numbers(6, sign, 0.3), Numbers(4, 1, 1.1));
            double[] expected = Run(model, x, w)["y"], actual = Run(written, x, w)["y"];
            Assert.AreEqual(expected.Length, actual.Length);
            for (int i = 0; i < expected.Length; i++)
                Assert.AreEqual(expected[i], actual[i], 1e-12, $"element {i}");
        }
    }

    [TestMethod, DynamicData(nameof(Cases))]
    public void GradientsMatchFiniteDifferences(string name)
    {
        Model model = Build(Graphs[name]), written = WrittenOut(model);
        AppendGradients(written);
        foreach (double sign in new[] { 1.0, -1.0 })
        {
            double[][] inputs = [Numbers(6, sign, 0.3), Numbers(4, 1, 1.1)];
            Dictionary<string, double[]> results = Run(written, inputs[0], inputs[1]);
            for (int input = 0; input < 2; input++)
                for (int element = 0; element < inputs[input].Length; element++)
                {
                    double expected = Difference(model, inputs, input, element), actual = results[input == 0 ? "dx" : "dw"][element];
                    Assert.AreEqual(expected, actual, 1e-7 * Math.Max(1, Math.Abs(expected)), $"{(input == 0 ? 'x' : 'w')}[{element}], x of sign {sign}");
                }
        }
    }

    [TestMethod, DynamicData(nameof(Refusals))]
    public void WhatCannotBeWrittenOutIsNamedWithARemedy(string name)
    {
        (Func<GraphBuilder, Value, Value, Value> build, string node, string reason) = Refused[name];
        string message = Assert.ThrowsExactly<GraphException>(() => WrittenOut(Build(build))).Message;
        StringAssert.Contains(message, node);
        StringAssert.Contains(message, reason);
    }

    private static Model Build(Func<GraphBuilder, Value, Value, Value> build)
    {
        GraphBuilder op = new(new Graph("control"));
        Value x = op.Graph.AddInput("x", ElementType.Double, Shape.Of(XShape)), w = op.Graph.AddInput("w", ElementType.Double, Shape.Of(WShape));
        Value y = op.Identity(build(op, x, w));
        op.Graph.Rename(y, "y");
        op.Graph.SetOutputs(y);
        return new Model(op.Graph) { Opset = GraphBuilder.WorkingOpset };
    }

    private static Model WrittenOut(Model model)
    {
        Model copy = model.Clone();
        InferShapes.Run(copy);
        FoldConstants.Run(copy);
        while (WriteOut.Run(copy.Graph, copy.Graph.Nodes))
        {
            Canonicalize.Run(copy);
            RemoveUnused.Run(copy.Graph);
            InferShapes.Run(copy);
            FoldConstants.Run(copy);
        }
        return copy;
    }

    /// <summary>Of the sum of y·cos(1, 2, 3 …), so that no two elements count alike.</summary>
    private static void AppendGradients(Model model)
    {
        Graph graph = model.Graph;
        GraphBuilder op = new(graph, "loss");
        Value y = graph.Get("y");
        Value weights = op.Constant(TensorData.FromBytes(ElementType.Double, y.Shape!, MemoryMarshal.AsBytes(Weights((int)y.Shape!.ElementCount!.Value).AsSpan()).ToArray()));
        Value loss = op.ReduceSum(op.Mul(y, weights), [], keepDims: false);
        graph.SetOutputs(loss);
        InferShapes.Run(model);
        Value[] inputs = [graph.Get("x"), graph.Get("w")];
        IReadOnlyDictionary<Value, Value> gradients = Differentiation.Append(op, loss, inputs);
        graph.SetOutputs([.. inputs.Select(i => Named(op, gradients[i], $"d{i.Name}"))]);
        RemoveUnused.Run(graph);
    }

    private static Value Named(GraphBuilder op, Value value, string name)
    {
        Value copy = op.Identity(value);
        op.Graph.Rename(copy, name);
        return copy;
    }

    private static double Difference(Model model, double[][] inputs, int input, int element)
    {
        const double step = 1e-5;
        return (Loss(step) - Loss(-step)) / (2 * step);

        double Loss(double distance)
        {
            double[][] moved = [.. inputs.Select(i => i.ToArray())];
            moved[input][element] += distance;
            double[] y = Run(model, moved[0], moved[1])["y"];
            return y.Zip(Weights(y.Length), (a, b) => a * b).Sum();
        }
    }

    private static Dictionary<string, double[]> Run(Model model, double[] x, double[] w) =>
        RuntimeSession.RunOnce(model, new Dictionary<string, TensorData> { ["x"] = Tensor(x, XShape), ["w"] = Tensor(w, WShape) }.Where(f => model.Graph.Find(f.Key) is not null).ToDictionary())
            .ToDictionary(o => o.Key, o => o.Value.Span<double>().ToArray());

    private static TensorData Tensor(double[] elements, long[] shape) => TensorData.FromBytes(ElementType.Double, Shape.Of(shape), MemoryMarshal.AsBytes(elements.AsSpan()).ToArray());

    private static double[] Numbers(int count, double sign, double offset) => [.. Enumerable.Range(0, count).Select(i => sign * (0.2 + Math.Abs(Math.Sin(offset + (i * 1.7)))))];

    private static double[] Weights(int count) => [.. Enumerable.Range(1, count).Select(i => Math.Cos(i))];
}
