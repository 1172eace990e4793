namespace OnnxFineTune.Training;

/// <summary>A learning rate of their own for some parameters.</summary>
/// <param name="Pattern">Names of trained parameters, with * for any characters and ? for one; several are separated by commas.</param>
/// <param name="Factor">On the learning rate, above 0.</param>
public sealed record LearningRateFactor(string Pattern, float Factor);
