using OnnxFineTune.Surgery;

namespace OnnxFineTune.Models;

/// <summary>Small convolutional networks that end in every form of classifier, with every kind of node before and behind it.</summary>
public static class ClassifierModels
{
    public const int Classes = 5;
    public const int Channels = 4;

    /// <summary>A layer on the trunk [N, 4, 4, 4]; <c>before</c> stands in front of its data input.</summary>
    private delegate Value Form(GraphBuilder b, Value trunk, Func<Value, Value> before);

    private static readonly Dictionary<string, (ClassifierKind Kind, string[] Parameters, Form Build)> Forms = new()
    {
        ["Gemm"] = (ClassifierKind.Gemm, ["w", "b"], (b, x, before) => b.Gemm(before(Pooled(b, x)), Weight(b, Classes, Channels), Bias(b), transB: true)),
        ["Gemm, weight not transposed"] = (ClassifierKind.Gemm, ["w", "b"], (b, x, before) => b.Gemm(before(Pooled(b, x)), Weight(b, Channels, Classes), Bias(b))),
        ["Gemm without bias"] = (ClassifierKind.Gemm, ["w"], (b, x, before) => b.Gemm(before(Pooled(b, x)), Weight(b, Channels, Classes))),
        ["Gemm on all positions"] = (ClassifierKind.Gemm, ["w", "b"], (b, x, before) => b.Gemm(before(b.Flatten(x)), Weight(b, Classes, Channels * 16), Bias(b), transB: true)),
        ["MatMul"] = (ClassifierKind.MatMul, ["w"], (b, x, before) => b.MatMul(before(Pooled(b, x)), Weight(b, Channels, Classes))),
        ["MatMul, Add"] = (ClassifierKind.MatMul, ["w", "b"], (b, x, before) => b.Add(b.MatMul(before(Pooled(b, x)), Weight(b, Channels, Classes)), Bias(b))),
        ["Add, MatMul"] = (ClassifierKind.MatMul, ["w", "b"], (b, x, before) => b.Add(Bias(b), b.MatMul(before(Pooled(b, x)), Weight(b, Channels, Classes)))),
        ["MatMul, transposed weight"] = (ClassifierKind.MatMul, ["w"], (b, x, before) => b.MatMul(before(Pooled(b, x)), b.Transpose(Weight(b, Classes, Channels), 1, 0))),
        ["Conv, Relu, GlobalAveragePool"] = (ClassifierKind.Conv, ["w", "b"], (b, x, before) => b.GlobalAveragePool(b.Relu(Conv(b, before(x))))),
        ["Conv, GlobalAveragePool"] = (ClassifierKind.Conv, ["w", "b"], (b, x, before) => b.GlobalAveragePool(Conv(b, before(x)))),
        ["Conv, ReduceMean"] = (ClassifierKind.Conv, ["w", "b"], (b, x, before) => b.ReduceMean(Conv(b, before(x)), [2, -1])),
        ["Conv, AveragePool"] = (ClassifierKind.Conv, ["w", "b"], (b, x, before) => b.Op("AveragePool", [Conv(b, before(x))], ("kernel_shape", new long[] { 4, 4 }))),
        ["GlobalAveragePool, Conv"] = (ClassifierKind.Conv, ["w", "b"], (b, x, before) => Conv(b, before(b.GlobalAveragePool(x)))),
    };

    private static readonly Dictionary<string, Func<GraphBuilder, Value, Value>> Before = new()
    {
        ["nothing"] = (_, x) => x,
        ["Dropout"] = (b, x) => b.Dropout(x, b.Scalar(0.5), null),
        ["Dropout, Identity"] = (b, x) => b.Identity(b.Dropout(x, b.Scalar(0.5), null)),
        ["Identity, Dropout"] = (b, x) => b.Dropout(b.Identity(x), b.Scalar(0.5), null),
    };

    private static readonly Dictionary<string, Func<GraphBuilder, Value, Value>> Behind = new()
    {
        ["nothing"] = (_, y) => y,
        ["Softmax"] = (b, y) => b.Softmax(y, 1),
        ["Flatten, LogSoftmax"] = (b, y) => b.LogSoftmax(b.Flatten(y)),
        ["Reshape, Sigmoid"] = (b, y) => b.Sigmoid(b.Reshape(y, -1, Classes)),
        ["Reshape by computed shape, Softmax"] = (b, y) => b.Softmax(b.Reshape(y, BatchAndRest(b, y))),
        ["Dropout, Identity, Cast"] = (b, y) => b.Op("Cast", [b.Identity(b.Dropout(y, b.Scalar(0.5), null))], ("to", ElementType.Double)),
        ["Softmax, Squeeze"] = (b, y) => b.Squeeze(b.Reshape(b.Softmax(y, 1), -1, Classes, 1), 2),
    };

    /// <summary>Every combination of a form, what stands before it and behind it, with a free and with a fixed batch.</summary>
    public static IEnumerable<(string Form, string Before, string Behind, bool IsDynamic)> All =>
        from form in Forms.Keys from before in Before.Keys from behind in Behind.Keys from isDynamic in new[] { true, false } select (form, before, behind, isDynamic);

    public static ClassifierKind KindOf(string form) => Forms[form].Kind;

    public static string[] ParametersOf(string form) => Forms[form].Parameters;

    /// <summary>Input <c>x</c> [N, 3, 8, 8], trunk <c>trunk</c> [N, 4, 4, 4], the classifier's input <c>features</c>, output <c>scores</c>.</summary>
    public static Model Build(string form, string before, string behind, bool isDynamic)
    {
        Graph graph = new();
        GraphBuilder b = new(graph);
        Value x = graph.AddInput("x", ElementType.Float, new Shape(isDynamic ? Dimension.Named("N") : 1, 3, 8, 8));
        Value trunk = b.Relu(b.Conv(x, graph.AddInitializer("trunk.w", Numbers(Channels, 3, 3, 3)), strides: [2, 2], pads: [1, 1, 1, 1]));
        Value? features = null;
        Value scores = Behind[behind](b, Forms[form].Build(b, trunk, v => Before[before](b, features = v)));
        if (features == trunk)
            graph.Rename(trunk, "features");
        else
        {
            graph.Rename(trunk, "trunk");
            graph.Rename(features!, "features");
        }
        graph.Rename(scores, "scores");
        graph.SetOutputs(scores);
        return new Model(graph) { Opset = GraphBuilder.WorkingOpset };
    }

    /// <summary>Small numbers that differ.</summary>
    public static TensorData Numbers(params long[] shape)
    {
        float[] values = [.. Enumerable.Range(0, (int)Shape.Of(shape).ElementCount!.Value).Select(i => MathF.Sin(i + 1) / 4)];
        return TensorData.FromFloats(values, shape);
    }

    private static Value Pooled(GraphBuilder b, Value x) => b.Flatten(b.GlobalAveragePool(x));

    private static Value Weight(GraphBuilder b, params long[] shape) => b.Graph.AddInitializer("w", Numbers(shape));

    private static Value Bias(GraphBuilder b) => b.Graph.AddInitializer("b", Numbers(Classes));

    private static Value Conv(GraphBuilder b, Value x) => b.Conv(x, Weight(b, Classes, Channels, 1, 1), Bias(b));

    /// <summary>[N, −1] as PyTorch's exporter computes it: Shape, Gather, Unsqueeze, Concat.</summary>
    private static Value BatchAndRest(GraphBuilder b, Value y) => b.Concat(0, b.Unsqueeze(b.Gather(b.Shape_(y), b.Long(0)), 0), b.Longs(-1));
}
