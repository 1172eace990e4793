using OnnxFineTune.Models;
using OnnxFineTune.Surgery;

namespace OnnxFineTune.Training.Tests;

/// <summary>Convolutions one behind the other, with BatchNormalization, Dropout, a residual connection in every second block and SiLU, or GELU in five nodes, in the others.</summary>
internal static class DeepNetwork
{
    public const int Blocks = 8;

    /// <param name="size">Height and width of the pictures.</param>
    /// <param name="batch">A fixed batch; null leaves it open.</param>
    /// <param name="gelu">GELU in place of SiLU.</param>
    public static Model Build(int size = 8, int? batch = null, bool gelu = false)
    {
        const int channels = 6;
        Graph graph = new();
        GraphBuilder op = new(graph);
        Dimension count = batch is { } fixedBatch ? fixedBatch : Dimension.Named("batch");
        Value x = graph.AddInput("image", ElementType.Float, new Shape(count, channels, size, size));
        for (int i = 0; i < Blocks; i++)
        {
            Value y = op.Conv(x, Weight(graph, $"conv{i}.weight", channels, channels, 3, 3), Weight(graph, $"conv{i}.bias", channels), pads: [1, 1, 1, 1]);
            y = op.Op("BatchNormalization", [y, Weight(graph, $"norm{i}.weight", channels), Weight(graph, $"norm{i}.bias", channels), Constant(graph, $"norm{i}.mean", channels, 0), Constant(graph, $"norm{i}.variance", channels, 1)]);
            x = i % 2 == 0 ? gelu ? Gelu(op, y) : op.Mul(y, op.Sigmoid(y)) : op.Dropout(op.Relu(op.Add(x, y)), op.Scalar(0.25), null);
        }
        Value logits = op.Gemm(op.Flatten(op.GlobalAveragePool(x)), Weight(graph, "head.weight", 3, channels), Weight(graph, "head.bias", 3), transB: true);
        logits.Shape = new Shape(count, 3);
        graph.AddOutput(logits);
        return new Model(graph) { Opset = GraphBuilder.WorkingOpset }.ToWorkingForm();
    }

    public static Batch Pictures(int count, int size = 8) =>
        new(count, [TrainingModels.Numbers(count * 6 * size * size, 5)], Enumerable.Range(0, count).Select(i => (float)(i % 3)).ToArray());

    private static Value Gelu(GraphBuilder op, Value x) => op.Mul(op.Mul(x, op.Add(op.Erf(op.Div(x, op.Scalar(MathF.Sqrt(2)))), op.Scalar(1))), op.Scalar(0.5));

    private static Value Weight(Graph graph, string name, params long[] shape)
    {
        int count = (int)shape.Aggregate(1L, (a, b) => a * b);
        return graph.AddInitializer(name, TensorData.FromFloats(TrainingModels.Numbers(count, name.Length + name.Sum(c => c), 0.6f), shape));
    }

    private static Value Constant(Graph graph, string name, int count, float value) =>
        graph.AddInitializer(name, TensorData.FromFloats([.. Enumerable.Repeat(value, count)], count));
}
