using OnnxFineTune.Surgery;

namespace OnnxFineTune.Models;

/// <summary>A classifier that can be computed by hand: logit c of a picture is the mean of its channel c; [N, 3, H, W] → [N, 3].</summary>
public static class ColorClassifier
{
    /// <summary>GlobalAveragePool → Flatten → Gemm with the identity as weight, and what <paramref name="ending"/> puts behind.</summary>
    /// <param name="batch">The batch dimension; any when null.</param>
    /// <param name="type">Float or Float16.</param>
    /// <param name="ending">Operators behind the logits; none when null.</param>
    public static Model Build(long? batch = null, int size = 2, ElementType type = ElementType.Float, Func<GraphBuilder, Value, Value>? ending = null)
    {
        Graph graph = new("colors");
        Dimension n = batch is { } fixedBatch ? fixedBatch : Dimension.Named("N");
        Value pixels = graph.AddInput("pixels", type, new Shape(n, 3, size, size));
        GraphBuilder b = new(graph);
        Value weight = b.Constant(Identity(type));
        Value output = b.Gemm(b.Flatten(b.Op("GlobalAveragePool", [pixels])), weight);
        output = ending?.Invoke(b, output) ?? output;
        graph.Rename(output, "scores");
        graph.AddOutput(output);
        return new Model(graph) { Opset = GraphBuilder.WorkingOpset };
    }

    private static TensorData Identity(ElementType type)
    {
        float[] identity = [1, 0, 0, 0, 1, 0, 0, 0, 1];
        return type == ElementType.Float16
            ? TensorData.FromBytes(type, Shape.Of(3, 3), identity.SelectMany(v => BitConverter.GetBytes((Half)v)).ToArray())
            : TensorData.FromFloats(identity, 3, 3);
    }
}
