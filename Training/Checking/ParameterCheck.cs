using System.Globalization;

namespace OnnxFineTune.Training;

/// <summary>The gradient of one parameter beside the finite difference of the loss along the direction in which the two differ most.</summary>
/// <param name="Name">The parameter.</param>
/// <param name="Verdict">What follows of all directions.</param>
/// <param name="GradientNorm">‖dL/dθ‖.</param>
/// <param name="Computed">The gradient along the direction, whose length is that of the parameter: dL where the parameter changes by as much as it is.</param>
/// <param name="Expected">The same from differences of the loss.</param>
/// <param name="Error">|Computed − Expected|; where the loss has a kink, the distance to the nearer of its two slopes, 0 between them.</param>
/// <param name="Uncertainty">What rounding and curvature may do to <paramref name="Expected"/>.</param>
/// <param name="Allowed">The largest error that is no fault: the uncertainty and the rounding of the gradient.</param>
/// <param name="IsKink">Whether the loss has a kink here, where any number between its two slopes is a gradient.</param>
public sealed record ParameterCheck(string Name, GradientVerdict Verdict, double GradientNorm, double Computed, double Expected, double Error, double Uncertainty, double Allowed, bool IsKink)
{
    /// <summary>The error in those that are allowed: above 1 it is a fault.</summary>
    public double Ratio => Error == 0 ? 0 : Error / Allowed;

    /// <summary>For example <c>conv1.weight: wrong, 0.0123 along the direction, expected 0.0246 ± 1E-06</c>.</summary>
    public override string ToString() => string.Create(CultureInfo.InvariantCulture,
        $"{Name}: {Verdict.ToString().ToLowerInvariant()}, {Computed:G6} along the direction, expected {Expected:G6} ± {Uncertainty:G2}{(IsKink ? " (a kink)" : "")}");
}
