namespace OnnxFineTune.Surgery;

/// <summary>
/// Makes a model that computes in float32 compute in float64, to tell rounding from faults. Operators that ONNX Runtime has in float32 only are written out in others as far as
/// <see cref="Float64Forms"/> knows; where one is left, the runtime does not open the model.
/// </summary>
/// <remarks>Types and shapes must be inferred. Speed is no concern: a convolution is one MatMul over copied windows.</remarks>
public static class WidenToDouble
{
    /// <summary>Converts in place: operators, weights, declarations, and attributes that name the type.</summary>
    public static void Run(Model model)
    {
        GraphBuilder builder = new(model.Graph, "float64");
        foreach (Node node in model.Graph.Nodes.ToArray())
            if (node.Domain == Model.StandardDomain && node.Inputs.Count > 0 && node.Inputs[0]?.ElementType == ElementType.Float && Float64Forms.All.TryGetValue(node.OpType, out Expansion? form))
            {
                builder.Before = node;
                form(node, builder);        // what it cannot write out the runtime will name
            }
        FloatWidening.Run(model.Graph, ElementType.Float, ElementType.Double);
    }
}
