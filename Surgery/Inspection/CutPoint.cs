namespace OnnxFineTune.Surgery;

/// <summary>A value at which the whole model can be cut: all data flows through it.</summary>
/// <param name="Value">Name, type and shape.</param>
/// <param name="ParametersBefore">Numbers in the parameters up to it; those used on both sides count here.</param>
/// <param name="ParametersAfter">Numbers in the parameters behind it.</param>
/// <param name="MultiplyAccumulatesBefore">For one example, up to it; null where a shape on the way is unknown.</param>
/// <param name="MultiplyAccumulatesAfter">For one example, behind it; null where a shape on the way is unknown.</param>
public sealed record CutPoint(TensorSummary Value, long ParametersBefore, long ParametersAfter, long? MultiplyAccumulatesBefore, long? MultiplyAccumulatesAfter);
