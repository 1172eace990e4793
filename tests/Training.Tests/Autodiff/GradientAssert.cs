using OnnxFineTune.Surgery;

namespace OnnxFineTune.Training.Tests;

/// <summary>Asserts that the gradients of a training graph are those of finite differences.</summary>
internal static class GradientAssert
{
    /// <summary>All are right, none is undecided, and each parameter has an influence.</summary>
    public static void AreRight(TrainingGraph graph, Dictionary<string, TensorData> feeds)
    {
        GradientCheckResult result = GradientCheck.Run(graph, feeds);
        Assert.IsTrue(result.Parameters.All(p => p.Verdict == GradientVerdict.Right), result.ToString());
        foreach (ParameterCheck parameter in result.Parameters)
            Assert.IsGreaterThan(0, parameter.GradientNorm, parameter.Name);
    }
}
