using OnnxFineTune.Surgery;

namespace OnnxFineTune.Training;

/// <summary>Adam with decoupled weight decay as PyTorch's <c>AdamW</c>: θ ← θ·(1 − ηλ) − η·m̂ / (√v̂ + ε); or as Hugging Face's, see <see cref="Form"/>.</summary>
/// <remarks>Loshchilov and Hutter, arXiv:1711.05101, algorithm 2.</remarks>
public sealed record AdamW : IOptimizer
{
    /// <summary>Decay of the mean of gradients, from 0 to below 1; default 0.9.</summary>
    public double Beta1 { get; init; } = 0.9;

    /// <summary>Decay of the mean of squared gradients, from 0 to below 1; default 0.999.</summary>
    public double Beta2 { get; init; } = 0.999;

    /// <summary>Added to the root of the second moment, above 0; default 1e-8.</summary>
    public double Epsilon { get; init; } = 1e-8;

    /// <summary>λ; 0 or more, default 0.01.</summary>
    public double WeightDecay { get; init; } = 0.01;

    /// <summary>Where ε is added and when weights decay; PyTorch's way by default.</summary>
    public AdamWForm Form { get; init; }

    /// <inheritdoc/>
    public IReadOnlyList<string> StateNames => AdamMoments.StateNames;

    /// <inheritdoc/>
    public IReadOnlyList<string> Validate() => new OptionErrors()
        .Include(AdamMoments.Validate(Beta1, Beta2, Epsilon, WeightDecay))
        .Defined(nameof(Form), Form).All;

    /// <inheritdoc/>
    public IReadOnlyList<string> CoefficientNames => [.. AdamMoments.CoefficientNames, "keep"];

    /// <inheritdoc/>
    public void Coefficients(double learningRate, long step, Span<float> values)
    {
        AdamMoments.Coefficients(learningRate, step, Beta1, Beta2, Epsilon, values);
        if (Form == AdamWForm.HuggingFace)
            values[1] = AdamMoments.UncorrectedEpsilon(Beta2, Epsilon);
        values[2] = (float)(1 - learningRate * WeightDecay);
    }

    /// <inheritdoc/>
    public IReadOnlyList<Value> Build(GraphBuilder op, ParameterUpdate update)
    {
        AdamMoments moments = AdamMoments.Build(op, update, Beta1, Beta2);
        Value keep = update.Coefficients[2];
        Value next = Form == AdamWForm.HuggingFace
            ? op.Mul(op.Sub(update.Parameter, moments.Move), keep)
            : op.Sub(op.Mul(update.Parameter, keep), moments.Move);
        return [next, moments.First, moments.Second];
    }
}
