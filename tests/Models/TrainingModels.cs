using OnnxFineTune.Surgery;

namespace OnnxFineTune.Models;

/// <summary>Small networks to train, with seeded weights and a dynamic batch.</summary>
public static class TrainingModels
{
    /// <summary>x [N, features] → Gemm → logits [N, classes]; parameters <c>head.weight</c> [classes, features] and <c>head.bias</c>.</summary>
    public static Model Linear(int features, int classes, int seed = 1)
    {
        Graph graph = new();
        GraphBuilder op = new(graph);
        Value x = graph.AddInput("x", ElementType.Float, new Shape(Dimension.Named("batch"), features));
        return Finish(graph, Dense(op, x, "head", features, classes, seed), classes);
    }

    /// <summary>x → Gemm <c>body</c> → Relu → Dropout → Gemm <c>head</c> → logits.</summary>
    public static Model Mlp(int features, int hidden, int classes, float dropout = 0, int seed = 1)
    {
        Graph graph = new();
        GraphBuilder op = new(graph);
        Value x = graph.AddInput("x", ElementType.Float, new Shape(Dimension.Named("batch"), features));
        Value h = op.Relu(Dense(op, x, "body", features, hidden, seed));
        if (dropout > 0)
            h = op.Dropout(h, op.Scalar(dropout), null);
        return Finish(graph, Dense(op, h, "head", hidden, classes, seed + 1), classes);
    }

    /// <summary>image [N, 1, 8, 8] → Conv <c>conv</c> 3×3 → Relu → Reshape by the run-time batch → Gemm <c>head</c> → logits.</summary>
    public static Model ConvNet(int channels, int classes, int seed = 1)
    {
        Graph graph = new();
        GraphBuilder op = new(graph);
        Value x = graph.AddInput("image", ElementType.Float, new Shape(Dimension.Named("batch"), 1, 8, 8));
        Value conv = op.Conv(x, Weight(graph, "conv.weight", seed, channels, 1, 3, 3), Weight(graph, "conv.bias", seed, channels), pads: [1, 1, 1, 1]);
        Value relu = op.Relu(conv);
        Value shape = op.Concat(0, op.Shape_(relu, 0, 1), op.Longs(channels * 64));
        return Finish(graph, Dense(op, op.Reshape(relu, shape), "head", channels * 64, classes, seed + 1), classes);
    }

    /// <summary>Numbers in [−scale, scale), the same for the same seed.</summary>
    public static float[] Numbers(int count, int seed, float scale = 1)
    {
        Random random = new(seed);
        return [.. Enumerable.Range(0, count).Select(_ => (random.NextSingle() * 2 - 1) * scale)];
    }

    private static Value Dense(GraphBuilder op, Value x, string name, int inputs, int outputs, int seed) =>
        op.Gemm(x, Weight(op.Graph, $"{name}.weight", seed, outputs, inputs), Weight(op.Graph, $"{name}.bias", seed, outputs), transB: true);

    private static Value Weight(Graph graph, string name, int seed, params long[] shape)
    {
        long count = shape.Aggregate(1L, (a, b) => a * b);
        long fanIn = Math.Max(1, count / shape[0]);
        return graph.AddInitializer(name, TensorData.FromFloats(Numbers((int)count, seed + name.Length, 1 / MathF.Sqrt(fanIn)), shape));
    }

    private static Model Finish(Graph graph, Value logits, int classes)
    {
        logits.Shape = new Shape(Dimension.Named("batch"), classes);
        graph.AddOutput(logits);
        return new Model(graph) { Opset = GraphBuilder.WorkingOpset };
    }
}
