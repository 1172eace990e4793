using OnnxFineTune.Surgery;

namespace OnnxFineTune.Training;

/// <summary>Gradient of Dropout: the same elements are dropped as in the forward pass, by its mask.</summary>
internal static class DropoutGradients
{
    private const int Ratio = 1;
    private const int TrainingMode = 2;

    /// <summary>The rules of the family.</summary>
    public static readonly GradientRuleSet Rules = new()
    {
        { "Dropout", Dropout, "", [0] },
    };

    private static IReadOnlyList<Value?> Dropout(GraphBuilder op, ForwardNode n, Value g)
    {
        if (n.Input(TrainingMode) is not { } training || (training.Data is { } constant && constant.ToLongs()[0] == 0))
            return [g];
        Value scale = Scale(op, n, g);
        if (training.Data is null)
            scale = op.Where(training, scale, op.One(g));
        return [op.Where(n.Output(1) ?? AddMask(n), op.Mul(g, scale), op.Zero(g))];
    }

    /// <summary>1/(1 − ratio).</summary>
    private static Value Scale(GraphBuilder op, ForwardNode n, Value g) => n.Input(Ratio) switch
    {
        null => op.Scalar(2, g),
        { Data: { } ratio } => op.Scalar(1 / (1 - (double)ratio.ToFloats()[0]), g),
        { } ratio => op.Reciprocal(op.Sub(op.One(g), op.CastLike(ratio, g))),
    };

    private static Value AddMask(ForwardNode n)
    {
        Value mask = n.Node.AddOutput($"{n.Y.Name}_mask");
        mask.ElementType = ElementType.Bool;
        mask.Shape = n.X.Shape;
        return mask;
    }
}
