using OnnxFineTune.Models;
using OnnxFineTune.Surgery;

namespace OnnxFineTune.Training.Tests;

/// <summary>A network of the operators that ONNX Runtime has in float32 only and that are written out for float64.</summary>
internal static class Float64Models
{
    /// <summary>image [N, 4, 9, 9] → convolutions of every kind, poolings, activations → 3 logits.</summary>
    /// <param name="withoutFloat64">Adds an LRN, which is not written out.</param>
    public static Model Build(bool withoutFloat64 = false)
    {
        Graph graph = new();
        GraphBuilder op = new(graph);
        Value h = graph.AddInput("image", ElementType.Float, new Shape(Dimension.Named("batch"), 4, 9, 9));
        h = op.Conv(h, Weight("same", 4, 4, 3, 3), Weight("bias", 4), strides: [2, 2], pads: [1, 0, 1, 2], dilations: [1, 2]);
        if (withoutFloat64)
            h = op.Op("LRN", [h], ("size", 3), ("alpha", 0.1f));
        h = op.Op("Gelu", [h]);
        h = op.Op("Conv", [h, Weight("depthwise", 8, 1, 2, 2)], ("group", 4), ("auto_pad", "SAME_UPPER"));
        h = op.Op("AveragePool", [h], ("kernel_shape", new long[] { 2, 2 }), ("pads", new long[] { 1, 0, 0, 1 }));
        h = op.Op("AveragePool", [h], ("kernel_shape", new long[] { 2, 2 }), ("pads", new long[] { 1, 1, 0, 0 }), ("count_include_pad", 1));
        foreach (string activation in new[] { "HardSwish", "Elu", "LeakyRelu", "Softplus", "HardSigmoid", "Erf", "Mish" })
            h = op.Add(op.Op(activation, [h]), h);
        h = op.Op("PRelu", [op.Op("Gelu", [h], ("approximate", "tanh")), Weight("slope", 8, 1, 1)]);
        Value pooled = op.Concat(1, op.Op("GlobalAveragePool", [h]), op.Op("GlobalMaxPool", [h]));
        graph.AddOutput(op.Gemm(op.Flatten(pooled), Weight("head", 16, 3)));
        return new Model(graph) { Opset = GraphBuilder.WorkingOpset };

        Value Weight(string name, params long[] shape) =>
            graph.AddInitializer(name, TensorData.FromFloats(TrainingModels.Numbers((int)shape.Aggregate(1L, (a, b) => a * b), name.Length, 0.5f), shape));
    }
}
