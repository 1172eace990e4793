using OnnxFineTune.Surgery;

namespace OnnxFineTune.Models;

/// <summary>A small network with what makes cutting hard: a skip connection, an auxiliary output, a second input, dropout masks.</summary>
public static class ResidualModels
{
    /// <summary>
    /// x [N, 3, 8, 8] → <c>stem</c> [N, 4, 8, 8] → block (<c>inner</c>, skip) → <c>block</c> → <c>pooled</c> → <c>flat</c> [N, 4] → Gemm <c>hidden</c> [N, 6] → Relu
    /// <c>active</c> → Dropout <c>dropped</c> → Gemm → <c>scores</c> [N, 5]; and from <c>stem</c> the auxiliary output <c>aux</c> [N, 2].
    /// </summary>
    /// <param name="secondInput">Adds an input <c>extra</c> [N, 6] to <c>hidden</c>.</param>
    public static Model Build(bool secondInput = false)
    {
        Graph graph = new();
        GraphBuilder b = new(graph);
        Value x = graph.AddInput("x", ElementType.Float, new Shape(Dimension.Named("N"), 3, 8, 8));
        Value stem = Named("stem", b.Relu(b.Conv(x, Weight("stem.w", 4, 3, 3, 3), pads: [1, 1, 1, 1])));
        Value inner = Named("inner", b.Relu(b.Conv(stem, Weight("block.w", 4, 4, 3, 3), Weight("block.b", 4), pads: [1, 1, 1, 1])));
        Value block = Named("block", b.Add(inner, stem));
        Value flat = Named("flat", b.Flatten(Named("pooled", b.GlobalAveragePool(block))));
        Value hidden = b.Gemm(flat, Weight("fc1.w", 6, 4), Weight("fc1.b", 6), transB: true);
        if (secondInput)
            hidden = b.Add(hidden, graph.AddInput("extra", ElementType.Float, new Shape(Dimension.Named("N"), 6)));
        Value active = Named("active", b.Relu(Named("hidden", hidden)));
        Node dropout = b.Node("Dropout", [active, b.Scalar(0.5)], 2);
        Value dropped = Named("dropped", dropout.Outputs[0]!);
        graph.Rename(dropout.Outputs[1]!, "mask");
        Value scores = Named("scores", b.Softmax(b.Gemm(dropped, Weight("fc2.w", 5, 6), Weight("fc2.b", 5), transB: true)));
        Value aux = Named("aux", b.Gemm(b.Flatten(b.GlobalAveragePool(stem)), Weight("aux.w", 2, 4), transB: true));
        graph.SetOutputs(scores, aux);
        return new Model(graph) { Opset = GraphBuilder.WorkingOpset };

        Value Weight(string name, params long[] shape) => graph.AddInitializer(name, ClassifierModels.Numbers(shape));

        Value Named(string name, Value value)
        {
            graph.Rename(value, name);
            return value;
        }
    }
}
