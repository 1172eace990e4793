using OnnxFineTune.Surgery;

namespace OnnxFineTune.Training;

/// <summary>Cross-entropy between the softmax of logits [N, C] and class indices [N] or class probabilities [N, C], as PyTorch's <c>cross_entropy</c>.</summary>
/// <remarks>
/// With class weights w and targets t it is the weighted sum over the batch divided by Σ w[tₙ]. With label smoothing ε the target distribution is
/// (1 − ε)·one-hot + ε/C (Szegedy et al., arXiv:1512.00567), each class's term weighted by its own w, as in PyTorch. Class probabilities take the place of the one-hot rows; the sum is then divided by N,
/// with class weights too.
/// The gradient is written in closed form, (softmax·Σq − q) / norm, with q the weighted target distribution. ONNX Runtime's training build has a kernel
/// for it, without smoothing.
/// </remarks>
public sealed record SoftmaxCrossEntropy : ILoss
{
    private const int LargestTable = 128;

    /// <summary>ε, from 0 (none, the default) to 1.</summary>
    public float LabelSmoothing { get; init; }

    /// <summary>A weight per class, 0 or more and not all 0; null weighs all alike.</summary>
    public IReadOnlyList<float>? ClassWeights { get; init; }

    /// <summary>Whether targets are class probabilities, float [N, C], each row summing to 1, as mixed or distilled examples have them; by default they are class indices, int64 [N].</summary>
    public bool SoftTargets { get; init; }

    /// <inheritdoc/>
    public OutputKind OutputKind => OutputKind.ClassLogits;

    /// <inheritdoc/>
    public ElementType TargetType => SoftTargets ? ElementType.Float : ElementType.Int64;

    /// <inheritdoc/>
    public Shape TargetShape(Shape outputs) => SoftTargets ? outputs : new(outputs[0]);

    /// <inheritdoc/>
    public ILoss? WithClassProbabilities() => this with { SoftTargets = true };

    /// <inheritdoc/>
    public IReadOnlyList<string> Validate()
    {
        OptionErrors errors = new OptionErrors().InRange(nameof(LabelSmoothing), LabelSmoothing, 0, 1);
        if (ClassWeights is { } weights)
            errors.Require(weights.All(w => w >= 0 && float.IsFinite(w)) && weights.Any(w => w > 0), $"{nameof(ClassWeights)} must be finite numbers, 0 or more, at least one of them above 0.");
        return errors.All;
    }

    /// <inheritdoc/>
    public LossNodes Build(GraphBuilder op, Value outputs, Value targets)
    {
        int classes = CountClasses(outputs);
        Value logProbabilities = op.LogSoftmax(outputs, 1);
        if (SoftTargets)
            return BuildSoft(op, outputs, logProbabilities, targets, classes);
        Value q = TargetDistribution(op, targets, classes);                                                     // [N, C]
        Value probabilities = op.Exp(logProbabilities);
        if (ClassWeights is null)
        {
            // The mean over N·C elements is the loss but for −C. Without smoothing Σq is N, exactly.
            Value loss = op.Mul(op.ReduceMean(op.Mul(logProbabilities, q), [], false), op.Scalar(-classes));
            Value count = LabelSmoothing == 0 ? op.ReduceSum(q, [], false) : op.Cast(op.Size(targets), ElementType.Float);
            return new LossNodes(loss, op.Div(op.Sub(probabilities, q), count));
        }
        Value weights = op.Constant(TensorData.FromFloats([.. ClassWeights], classes));
        Value weighted = op.Mul(q, weights);
        Value norm = op.ReduceSum(op.Gather(weights, targets), [], false);                                      // Σ w[tₙ]
        Value sum = op.ReduceSum(op.Mul(logProbabilities, weighted), [], false);
        Value difference = op.Sub(op.Mul(probabilities, op.ReduceSum(weighted, [1])), weighted);
        return new LossNodes(op.Neg(op.Div(sum, norm)), op.Div(difference, norm));
    }

    /// <inheritdoc/>
    public LossNodes Build(GraphBuilder op, Value outputs, Value targets, GradientKernels kernels)
    {
        if (kernels == GradientKernels.Standard || LabelSmoothing > 0 || SoftTargets)
            return Build(op, outputs, targets);
        int classes = CountClasses(outputs);
        Value? weights = ClassWeights is null ? null : op.Constant(TensorData.FromFloats([.. ClassWeights], classes));
        Node loss = op.Node("SoftmaxCrossEntropyLoss", [outputs, targets, weights], 2, ("reduction", "mean"));
        Value logProbabilities = loss.Outputs[1]!;
        logProbabilities.Shape = outputs.Shape;
        Value gradient = op.Native("SoftmaxCrossEntropyLossGrad", [op.Scalar(1), logProbabilities, targets, weights], ("reduction", "mean"));
        return new LossNodes(loss.Outputs[0]!, gradient);
    }

    /// <summary>The same of class probabilities; their rows are not taken to sum to exactly 1.</summary>
    private LossNodes BuildSoft(GraphBuilder op, Value outputs, Value logProbabilities, Value targets, int classes)
    {
        Value q = LabelSmoothing == 0 ? targets : op.Add(op.Mul(targets, op.Scalar(1 - LabelSmoothing)), op.Scalar(LabelSmoothing / classes));
        if (ClassWeights is { } weights)
            q = op.Mul(q, op.Constant(TensorData.FromFloats([.. weights], classes)));
        Value loss = op.Mul(op.ReduceMean(op.Mul(logProbabilities, q), [], false), op.Scalar(-classes));
        Value count = op.Cast(op.Div(op.Size(outputs), op.Long(classes)), ElementType.Float);                    // N
        Value difference = op.Sub(op.Mul(op.Exp(logProbabilities), op.ReduceSum(q, [1])), q);
        return new LossNodes(loss, op.Div(difference, count));
    }

    /// <summary>One-hot, smoothed: rows of a small table, which costs less than OneHot, where the classes are few.</summary>
    private Value TargetDistribution(GraphBuilder op, Value targets, int classes)
    {
        float off = LabelSmoothing / classes, on = 1 - LabelSmoothing + off;
        if (classes > LargestTable)
            return op.OneHot(targets, op.Long(classes), op.Constant(TensorData.FromFloats([off, on], 2)));
        float[] table = new float[classes * classes];
        Array.Fill(table, off);
        for (int c = 0; c < classes; c++)
            table[c * classes + c] = on;
        return op.Gather(op.Constant(TensorData.FromFloats(table, classes, classes)), targets);
    }

    private int CountClasses(Value outputs)
    {
        if (outputs.Shape is not { Rank: 2 } shape || shape[1].Value is not long classes)
            throw new GraphException($"Softmax cross-entropy needs logits [N, C] with a known number of classes, but '{outputs.Name}' is {outputs.Shape?.ToString() ?? "of unknown shape"}; " +
                "let the model end in a classifier head.");
        if (ClassWeights is { } weights && weights.Count != classes)
            throw new GraphException($"There are {weights.Count} class weights, but '{outputs.Name}' has {classes} classes; give one weight per class.");
        return (int)classes;
    }
}
