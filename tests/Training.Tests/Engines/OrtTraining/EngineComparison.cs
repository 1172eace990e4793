using OnnxFineTune.Surgery;

namespace OnnxFineTune.Training.Tests;

/// <summary>Training with one engine as with another.</summary>
internal static class EngineComparison
{
    /// <summary>The learning rate of all steps.</summary>
    public const float Rate = 0.02f;

    /// <summary>Trains both; losses, outputs, evaluations and parameters must be the same within 1e-5.</summary>
    public static void Compare(ITrainingEngine expected, ITrainingEngine actual, EngineTask task, int steps)
    {
        Batch[] batches = task.Batches;
        for (int step = 0; step < steps; step++)
        {
            Batch batch = batches[step % batches.Length];
            StepResult e = expected.TrainStep(batch, Rate), a = actual.TrainStep(batch, Rate);
            Assert.AreEqual(e.Loss, a.Loss, 1e-5, $"loss of step {step}");
            AreEqual(e.Outputs.Span, a.Outputs.Span, 1e-5, $"outputs of step {step}");
            if (step % 10 == 9)
                Assert.AreEqual(expected.Evaluate(batch).Loss, actual.Evaluate(batch).Loss, 1e-5, $"evaluation after step {step}");
        }
        AreEqual(expected.ExportParameters(), actual.ExportParameters(), 1e-5);
    }

    /// <summary>Trains from one step to another of a run over the task's batches.</summary>
    public static void Train(ITrainingEngine engine, EngineTask task, int from, int to)
    {
        Batch[] batches = task.Batches;
        for (int step = from; step < to; step++)
            engine.TrainStep(batches[step % batches.Length], Rate);
    }

    /// <summary>Parameters are the same within a tolerance.</summary>
    public static void AreEqual(IReadOnlyDictionary<string, TensorData> expected, IReadOnlyDictionary<string, TensorData> actual, double tolerance)
    {
        CollectionAssert.AreEquivalent(expected.Keys.ToArray(), actual.Keys.ToArray());
        foreach ((string name, TensorData data) in expected)
            AreEqual(data.Span<float>(), actual[name].Span<float>(), tolerance, name);
    }

    private static void AreEqual(ReadOnlySpan<float> expected, ReadOnlySpan<float> actual, double tolerance, string what)
    {
        Assert.AreEqual(expected.Length, actual.Length, what);
        for (int i = 0; i < expected.Length; i++)
            Assert.AreEqual(expected[i], actual[i], tolerance, $"{what}, element {i}");
    }
}
