using OnnxFineTune.Surgery;

namespace OnnxFineTune.Models;

/// <summary>Models of one layer with the weight <c>w</c>, in every form in which a MatMul, Gemm or Conv can have it.</summary>
public static class LayerModels
{
    /// <summary>The value of the name that the layer has; its input is <c>x</c>.</summary>
    public const string Weight = "w";

    private static readonly Dictionary<string, (Dimension[] Input, long[] Weight, Func<GraphBuilder, Value, Value, Value> Build)> Forms = Matrices().Concat(Convolutions()).ToDictionary();

    /// <summary>Names of all forms.</summary>
    public static IEnumerable<string> All => Forms.Keys;

    /// <summary>The input <c>x</c>, the layer, and its output <c>y</c>.</summary>
    public static Model Build(string form)
    {
        (Dimension[] input, long[] weight, Func<GraphBuilder, Value, Value, Value> build) = Forms[form];
        Graph graph = new();
        GraphBuilder b = new(graph);
        Value x = graph.AddInput("x", ElementType.Float, new Shape(input));
        Value y = build(b, x, graph.AddInitializer(Weight, ClassifierModels.Numbers(weight)));
        graph.Rename(y, "y");
        graph.SetOutputs(y);
        return new Model(graph) { Opset = GraphBuilder.WorkingOpset };
    }

    private static Dimension N => Dimension.Named("N");

    private static IEnumerable<KeyValuePair<string, (Dimension[], long[], Func<GraphBuilder, Value, Value, Value>)>> Matrices()
    {
        yield return new("MatMul", ([N, 6], [6, 5], (b, x, w) => b.MatMul(x, w)));
        yield return new("MatMul on tokens", ([N, 3, 6], [6, 5], (b, x, w) => b.MatMul(x, w)));
        yield return new("MatMul, weight transposed", ([N, 6], [5, 6], (b, x, w) => b.MatMul(x, b.Transpose(w, 1, 0))));
        yield return new("MatMul, weight first", ([6, 5], [7, 6], (b, x, w) => b.MatMul(w, x)));
        yield return new("MatMul, weight first, batches", ([N, 6, 5], [7, 6], (b, x, w) => b.MatMul(w, x)));
        yield return new("MatMul, Add, Relu", ([N, 3, 6], [6, 5], (b, x, w) => b.Relu(b.Add(b.MatMul(x, w), b.Graph.AddInitializer("bias", ClassifierModels.Numbers(5))))));
        yield return new("MatMul twice with one weight", ([N, 6], [6, 6], (b, x, w) => b.MatMul(b.Relu(b.MatMul(x, w)), w)));
        foreach ((bool transA, bool transB, float alpha, float beta) in
            from ta in new[] { false, true } from tb in new[] { false, true } from scales in new[] { (1f, 1f), (0.5f, 2f) } select (ta, tb, scales.Item1, scales.Item2))
        {
            string text = $"transA {transA}, transB {transB}, alpha {alpha}, beta {beta}";
            yield return new($"Gemm, {text}", (transA ? [6, 4] : [4, 6], transB ? [5, 6] : [6, 5],
                (b, x, w) => b.Gemm(x, w, b.Graph.AddInitializer("bias", ClassifierModels.Numbers(5)), transA, transB, alpha, beta)));
            yield return new($"Gemm, weight first, {text}", (transB ? [4, 6] : [6, 4], transA ? [6, 5] : [5, 6],
                (b, x, w) => b.Gemm(w, x, b.Graph.AddInitializer("bias", ClassifierModels.Numbers(4)), transA, transB, alpha, beta)));
        }
        yield return new("Gemm without bias", ([N, 6], [5, 6], (b, x, w) => b.Gemm(x, w, transB: true)));
    }

    private static IEnumerable<KeyValuePair<string, (Dimension[], long[], Func<GraphBuilder, Value, Value, Value>)>> Convolutions()
    {
        Value Conv(GraphBuilder b, Value x, Value w, long[]? strides = null, long[]? pads = null, long[]? dilations = null, long group = 1) =>
            b.Conv(x, w, b.Graph.AddInitializer("bias", ClassifierModels.Numbers(w.Shape![0].Value!.Value)), strides: strides, pads: pads, dilations: dilations, group: group);
        yield return new("Conv 1×1", ([N, 6, 5, 5], [8, 6, 1, 1], (b, x, w) => Conv(b, x, w)));
        yield return new("Conv 3×3", ([N, 4, 7, 7], [6, 4, 3, 3], (b, x, w) => Conv(b, x, w, pads: [1, 1, 1, 1])));
        yield return new("Conv without bias", ([N, 4, 7, 7], [6, 4, 3, 3], (b, x, w) => b.Conv(x, w, null)));
        yield return new("Conv, stride and uneven padding", ([N, 4, 9, 7], [6, 4, 3, 5], (b, x, w) => Conv(b, x, w, strides: [2, 1], pads: [0, 2, 1, 1])));
        yield return new("Conv, dilated", ([N, 4, 9, 9], [6, 4, 3, 3], (b, x, w) => Conv(b, x, w, dilations: [2, 3])));
        yield return new("Conv, two groups", ([N, 8, 6, 6], [12, 4, 3, 3], (b, x, w) => Conv(b, x, w, pads: [1, 1, 1, 1], group: 2)));
        yield return new("Conv, three groups, stride", ([N, 12, 8, 8], [15, 4, 2, 2], (b, x, w) => Conv(b, x, w, strides: [2, 2], group: 3)));
        yield return new("Conv, many channels", ([N, 96, 5, 5], [96, 96, 3, 3], (b, x, w) => Conv(b, x, w, strides: [2, 1], pads: [1, 0, 1, 2])));
        yield return new("Conv, many channels, two groups", ([N, 192, 6, 6], [192, 96, 3, 3], (b, x, w) => Conv(b, x, w, dilations: [2, 2], group: 2)));
        yield return new("Conv 1×1 twice with one weight, many channels", ([N, 160, 2, 2], [160, 160, 1, 1], (b, x, w) => b.Conv(b.Relu(Conv(b, x, w)), w, null)));
        yield return new("Conv of sequences", ([N, 4, 12], [6, 4, 5], (b, x, w) => Conv(b, x, w, strides: [2])));
        yield return new("Conv of volumes", ([N, 4, 4, 4, 4], [6, 4, 2, 3, 2], (b, x, w) => Conv(b, x, w)));
        yield return new("Conv twice with one weight", ([N, 6, 5, 5], [6, 6, 3, 3], (b, x, w) => b.Conv(b.Relu(Conv(b, x, w, pads: [1, 1, 1, 1])), w, null)));
    }
}
