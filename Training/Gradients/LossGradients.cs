using OnnxFineTune.Surgery;

namespace OnnxFineTune.Training;

/// <summary>Gradients of the losses that are operators themselves, as networks exported together with their loss have them.</summary>
internal static class LossGradients
{
    /// <summary>The rules of the family.</summary>
    public static readonly GradientRuleSet Rules = new()
    {
        { "NegativeLogLikelihoodLoss", NegativeLogLikelihood },
        { "SoftmaxCrossEntropyLoss", GradientRule.From(SoftmaxCrossEntropy, takesAllOutputs: true) },
    };

    private static IReadOnlyList<Value?> NegativeLogLikelihood(GraphBuilder op, ForwardNode n, Value g)
    {
        (Value chosen, Value share) = Shares(op, n, g);
        return [n.Needs(0) ? op.Neg(op.Mul(chosen, share)) : null, null, n.Needs(2) ? Weights(op, n, n.X, chosen, g) : null];
    }

    /// <summary>The gradient of the logarithms l, which are the second output, by the softmax: dl − eˡ·Σ dl.</summary>
    private static IReadOnlyList<Value?> SoftmaxCrossEntropy(GraphBuilder op, ForwardNode n, Value g)
    {
        Value logarithms = n.Output(1) ?? op.LogSoftmax(n.X, 1);
        Value? chosen = null, part = n.Gradient(1);
        if (n.Gradient(0) is { } loss)
        {
            (chosen, Value share) = Shares(op, n, loss);
            Value own = op.Neg(op.Mul(chosen, share));
            part = part is null ? own : op.Add(part, own);
        }
        return
        [
            n.Needs(0) ? op.Sub(part!, op.Mul(op.Exp(logarithms), op.ReduceSum(part!, [1]))) : null,
            null,
            n.Needs(2) && chosen is not null ? Weights(op, n, logarithms, chosen, n.Gradient(0)!) : null,
        ];
    }

    /// <summary>
    /// <c>Chosen</c> [N, C, …]: 1 at the label, nowhere where it is ignored. <c>Share</c> [N, 1, …], or a scalar: how much each label counts in the loss, times g.
    /// </summary>
    private static (Value Chosen, Value Share) Shares(GraphBuilder op, ForwardNode n, Value g)
    {
        (Value labels, Value? valid) = Labels(op, n, g);
        Value chosen = Chosen(op, n, labels, valid, g);
        Value? weight = n.Input(2) is { } weights ? op.Gather(weights, labels) : null;
        Value? each = weight is null ? valid : valid is null ? weight : op.Mul(weight, valid);
        Value share = PerExample(op, n, g, Total(op, n, each, g));
        return (chosen, weight is null ? share : op.Mul(op.Unsqueeze(weight, 1), share));
    }

    /// <summary>The labels as int64, 0 for those to ignore, and 1 or 0 by whether they count, null where all do.</summary>
    private static (Value Labels, Value? Valid) Labels(GraphBuilder op, ForwardNode n, Value g)
    {
        Value labels = op.Cast(n.B, ElementType.Int64);
        if (!n.Attributes.Has("ignore_index"))
            return (labels, null);
        Value ignored = op.Equal(labels, op.Long(n.Attributes.Int("ignore_index")));
        return (op.Where(ignored, op.Long(0), labels), op.CastLike(op.Not(ignored), g));
    }

    private static Value Chosen(GraphBuilder op, ForwardNode n, Value labels, Value? valid, Value g)
    {
        Value places = op.CastLike(op.OneHot(labels, op.SizeOf(n.X, 1), op.Constant(TensorData.FromFloats([0f, 1f], 2)), axis: 1), g);
        return valid is null ? places : op.Mul(places, op.Unsqueeze(valid, 1));
    }

    /// <summary>What the sum is divided by: 1 (null), or, for the mean, the weights of all labels together.</summary>
    private static Value? Total(GraphBuilder op, ForwardNode n, Value? each, Value g) =>
        Reduction(n) != "mean" ? null : each is not null ? op.ReduceSum(each, [], keepDims: false) : op.CastLike(op.Size(n.B), g);

    /// <summary>g by label, laid out to multiply [N, C, …]; a scalar where all labels have the same.</summary>
    private static Value PerExample(GraphBuilder op, ForwardNode n, Value g, Value? total) =>
        Reduction(n) == "none" ? op.Unsqueeze(g, 1) : total is null ? g : op.Div(g, total);

    /// <summary>A weight scales the losses of the labels of its class; in the mean, it also counts in what the sum is divided by.</summary>
    private static Value Weights(GraphBuilder op, ForwardNode n, Value logarithms, Value chosen, Value g)
    {
        (Value labels, Value? valid) = Labels(op, n, g);
        Value weight = op.Gather(n.Input(2)!, labels);
        Value share = PerExample(op, n, g, Total(op, n, valid is null ? weight : op.Mul(weight, valid), g));
        Value losses = op.Neg(op.Mul(chosen, logarithms));
        if (Reduction(n) == "mean")
            losses = op.Sub(losses, op.Mul(chosen, n.Y));
        long[] others = [.. Enumerable.Range(0, n.Rank).Where(axis => axis != 1).Select(axis => (long)axis)];
        return op.ReduceSum(op.Mul(losses, share), others, keepDims: false);
    }

    private static string Reduction(ForwardNode n) => n.Attributes.String("reduction", "mean");
}
