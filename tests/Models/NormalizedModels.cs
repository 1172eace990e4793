using OnnxFineTune.Surgery;

namespace OnnxFineTune.Models;

/// <summary>Small networks with BatchNormalization.</summary>
public static class NormalizedModels
{
    /// <summary>
    /// x [N, …] → BatchNormalization <c>norm</c> → Tanh → Flatten → Gemm <c>head</c> → logits; parameters <c>norm.scale</c>, <c>norm.bias</c>, statistics <c>norm.mean</c>, <c>norm.variance</c>.
    /// </summary>
    /// <param name="example">Shape of one example, the channels first.</param>
    public static Model AtTheInput(long[] example, int classes, params (string Name, object? Value)[] attributes)
    {
        Graph graph = new();
        GraphBuilder op = new(graph);
        Value x = graph.AddInput("x", ElementType.Float, new Shape([Dimension.Named("batch"), .. example.Select(d => (Dimension)d)]));
        Value features = op.Flatten(op.Tanh(Normalize(op, x, "norm", (int)example[0], attributes)));
        return Finish(op, features, (int)example.Aggregate(1L, (a, b) => a * b), classes);
    }

    /// <summary>
    /// image [N, 1, 8, 8] → Conv <c>conv1</c> → <c>norm1</c> → Tanh → Conv <c>conv2</c> → <c>norm2</c> → Relu → mean over positions → Gemm <c>head</c>. Weights are as at random; the statistics are
    /// 0 and 1, which do not fit them, as in a network that was never trained.
    /// </summary>
    public static Model ConvNet(int channels, int classes, params (string Name, object? Value)[] attributes)
    {
        Graph graph = new();
        GraphBuilder op = new(graph);
        Value x = graph.AddInput("image", ElementType.Float, new Shape(Dimension.Named("batch"), 1, 8, 8));
        Value first = op.Tanh(Normalize(op, op.Conv(x, Weight(graph, "conv1.weight", 1, channels, 1, 3, 3)), "norm1", channels, attributes));
        Value second = op.Relu(Normalize(op, op.Conv(first, Weight(graph, "conv2.weight", 2, channels, channels, 3, 3)), "norm2", channels, attributes));
        return Finish(op, op.Flatten(op.GlobalAveragePool(second)), channels, classes);
    }

    /// <summary>A model of an operator set, with BatchNormalization in training mode as exporters write it there.</summary>
    public static Model InTrainingMode(Model model, int opset)
    {
        Model training = model.Clone();
        training.Opset = opset;
        foreach (Node node in training.Graph.Nodes.Where(n => n.OpType == "BatchNormalization"))
        {
            string[] names = opset < 14 ? ["mean", "variance", "saved_mean", "saved_variance"] : ["mean", "variance"];
            foreach (string name in names)
                node.AddOutput($"{node.Outputs[0]!.Name}_{name}");
            if (opset >= 14)
                node.Attributes.Set("training_mode", 1);
        }
        return training;
    }

    private static Value Normalize(GraphBuilder op, Value x, string name, int channels, (string Name, object? Value)[] attributes)
    {
        float[] ones = [.. Enumerable.Repeat(1f, channels)], zeros = new float[channels];
        return op.Op("BatchNormalization",
            [x, Add("scale", ones), Add("bias", zeros), Add("mean", zeros), Add("variance", ones)], attributes);

        Value Add(string part, float[] values) => op.Graph.AddInitializer($"{name}.{part}", TensorData.FromFloats(values, channels));
    }

    private static Model Finish(GraphBuilder op, Value features, int length, int classes)
    {
        Value logits = op.Gemm(features, Weight(op.Graph, "head.weight", 3, classes, length), op.Graph.AddInitializer("head.bias", TensorData.FromFloats(new float[classes], classes)), transB: true);
        logits.Shape = new Shape(Dimension.Named("batch"), classes);
        op.Graph.AddOutput(logits);
        return new Model(op.Graph) { Opset = GraphBuilder.WorkingOpset };
    }

    private static Value Weight(Graph graph, string name, int seed, params long[] shape)
    {
        long count = shape.Aggregate(1L, (a, b) => a * b);
        return graph.AddInitializer(name, TensorData.FromFloats(TrainingModels.Numbers((int)count, seed, 1 / MathF.Sqrt(count / shape[0])), shape));
    }
}
