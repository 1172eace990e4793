using OnnxFineTune.Surgery;

namespace OnnxFineTune.Models;

/// <summary>A small network with the layers of VGG: convolutions in blocks, then three linear layers with Dropout before the last two.</summary>
public static class VggModel
{
    /// <summary>Classes of the last layer.</summary>
    public const int Classes = 10;

    /// <summary>Names of the initializers, as torchvision exports VGG: layers by their place in <c>features</c> and <c>classifier</c>.</summary>
    public static readonly IReadOnlyList<string> Layers = ["features.0", "features.3", "classifier.0", "classifier.3", "classifier.6"];

    /// <summary>input [N, 3, size, size] → two blocks of Conv, Relu, MaxPool → Flatten → three Gemm → logits [N, 10].</summary>
    /// <param name="size">Height and width of the pictures, a multiple of 4.</param>
    /// <param name="hidden">Outputs of the first two linear layers.</param>
    public static Model Build(int size = 16, int hidden = 512)
    {
        Graph graph = new();
        GraphBuilder b = new(graph);
        Value x = graph.AddInput("input", ElementType.Float, new Shape(Dimension.Named("N"), 3, size, size));
        x = Block(b, x, "features.0", 3, 8);
        x = Block(b, x, "features.3", 8, 16);
        x = b.Flatten(x);
        x = b.Dropout(b.Relu(Dense(b, x, "classifier.0", 16 * (size / 4) * (size / 4), hidden)), b.Scalar(0.5), null);
        x = b.Dropout(b.Relu(Dense(b, x, "classifier.3", hidden, hidden)), b.Scalar(0.5), null);
        x = Dense(b, x, "classifier.6", hidden, Classes);
        graph.Rename(x, "scores");
        graph.SetOutputs(x);
        return new Model(graph) { Opset = GraphBuilder.WorkingOpset };
    }

    private static Value Block(GraphBuilder b, Value x, string name, int inputs, int outputs) =>
        b.Op("MaxPool", [b.Relu(b.Conv(x, Weight(b, name, outputs, inputs, 3, 3), Bias(b, name, outputs), pads: [1, 1, 1, 1]))],
            ("kernel_shape", new long[] { 2, 2 }), ("strides", new long[] { 2, 2 }));

    private static Value Dense(GraphBuilder b, Value x, string name, int inputs, int outputs) => b.Gemm(x, Weight(b, name, outputs, inputs), Bias(b, name, outputs), transB: true);

    private static Value Weight(GraphBuilder b, string name, params long[] shape)
    {
        long inputs = shape.Skip(1).Aggregate(1L, (a, d) => a * d);
        return b.Graph.AddInitializer($"{name}.weight", Numbers(name, 2 / MathF.Sqrt(inputs), shape));
    }

    private static Value Bias(GraphBuilder b, string name, long outputs) => b.Graph.AddInitializer($"{name}.bias", Numbers(name, 0.1f, outputs));

    private static TensorData Numbers(string name, float scale, params long[] shape) =>
        TensorData.FromFloats(TrainingModels.Numbers((int)Shape.Of(shape).ElementCount!.Value, name.Sum(c => c), scale), shape);
}
