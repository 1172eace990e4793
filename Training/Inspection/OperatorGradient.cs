namespace OnnxFineTune.Training;

/// <summary>An operator and how its gradient is had.</summary>
/// <param name="Domain">Operator domain; empty for the standard's own.</param>
/// <param name="Operator">Name.</param>
/// <param name="Since">First version of the operator set with it; null where that is not the standard's.</param>
/// <param name="Source">How the gradient is had.</param>
/// <param name="Inputs">The inputs that a rule gives gradients to; empty where there is no rule.</param>
/// <param name="Remark">Limits, or the reason; possibly empty.</param>
public sealed record OperatorGradient(string Domain, string Operator, int? Since, GradientSource Source, IReadOnlyList<string> Inputs, string Remark)
{
    /// <summary>The operator with its domain, where that is not the standard's.</summary>
    public string FullName => Domain.Length > 0 ? $"{Domain}.{Operator}" : Operator;
}
