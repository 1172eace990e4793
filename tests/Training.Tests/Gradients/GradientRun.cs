namespace OnnxFineTune.Training.Tests;

/// <summary>What went into a run of a gradient graph and what came out, for independent formulas.</summary>
/// <param name="Inputs">Elements of the trained inputs, by input.</param>
/// <param name="Cotangents">dL/dY by output; none for outputs that take no part in the loss.</param>
/// <param name="Outputs">Elements of the outputs that take part in the loss.</param>
internal sealed record GradientRun(
    IReadOnlyDictionary<int, double[]> Inputs, IReadOnlyDictionary<int, double[]> Cotangents, IReadOnlyDictionary<int, double[]> Outputs);
