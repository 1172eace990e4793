namespace OnnxFineTune.Training;

/// <summary>An operator on the way from a parameter to the output that no gradient passes.</summary>
/// <param name="Operator">Its name, with the domain where that is not the standard's.</param>
/// <param name="Output">Its output.</param>
/// <param name="Path">How a parameter reaches it.</param>
/// <param name="Reason">Why no gradient passes.</param>
/// <param name="Suggestion">What to do.</param>
public sealed record BlockingOperator(string Operator, string Output, string Path, string Reason, string Suggestion);
