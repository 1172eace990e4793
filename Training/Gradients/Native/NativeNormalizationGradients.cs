using OnnxFineTune.Surgery;

namespace OnnxFineTune.Training;

/// <summary>Gradients of normalization in one kernel each, from the mean and the inverse deviation that the forward pass has computed.</summary>
internal static class NativeNormalizationGradients
{
    /// <summary>The rules of the family.</summary>
    public static readonly GradientRuleSet Rules = new()
    {
        { "LayerNormalization", LayerNormalization },
        { "BatchNormalization", BatchNormalization },
    };

    private static IReadOnlyList<Value?>? LayerNormalization(GraphBuilder op, ForwardNode n, Value g)
    {
        int axis = (int)n.Attributes.Int("axis", -1);
        if (n.X.Shape is not { } shape || !FitsKernel(n, shape, axis < 0 ? axis += shape.Rank : axis))
            return null;
        Shape rows = new([.. shape.Select((d, i) => i < axis ? d : 1)]);
        if (!NativeKernels.AddMissingOutputs(n.Node, ("output", ElementType.Float, shape), ("mean", ElementType.Float, rows), ("inverse_deviation", ElementType.Float, rows)))
            return null;
        return op.NativeNode("LayerNormalizationGrad", [g, n.X, n.B, n.Output(1), n.Output(2)], 3, ("axis", axis)).Outputs;
    }

    /// <summary>The kernel wants several elements in a row, and a scale and bias for each; the standard lets them be repeated.</summary>
    private static bool FitsKernel(ForwardNode n, Shape shape, int axis)
    {
        Shape row = new([.. shape.Skip(axis)]);
        return row is { IsStatic: true, ElementCount: > 1 } && row.Equals(n.B.Shape) && (n.Input(2) is not { } bias || row.Equals(bias.Shape));
    }

    /// <summary>With the statistics of the batch only, which another forward kernel keeps: given statistics are constants, and their gradient a few products.</summary>
    private static IReadOnlyList<Value?>? BatchNormalization(GraphBuilder op, ForwardNode n, Value g)
    {
        (Value y, Shape? channels) = (n.Y, n.B.Shape);
        if (n.Attributes.Int("training_mode") == 0)
            return null;
        if (!NativeKernels.AddMissingOutputs(n.Node, ("output", ElementType.Float, y.Shape), ("running_mean", ElementType.Float, channels), ("running_variance", ElementType.Float, channels),
            ("mean", ElementType.Float, channels), ("inverse_deviation", ElementType.Float, channels)))
            return null;
        (n.Node.OpType, n.Node.Domain) = ("BatchNormInternal", ArtifactNames.RuntimeDomain);
        n.Attributes.Remove("training_mode");
        return op.NativeNode("BatchNormalizationGrad", [g, n.X, n.B, n.Output(3), n.Output(4)], 3, ("epsilon", n.Attributes.Float("epsilon", 1e-5f))).Outputs;
    }
}
