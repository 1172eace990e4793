using OnnxFineTune.Models;
using OnnxFineTune.Surgery;

namespace OnnxFineTune.Training.Tests;

/// <summary>Running statistics after several steps are those of PyTorch's formulas in float64.</summary>
[TestClass]
public sealed class RunningStatisticsTests
{
    /// <summary>Shape of an example, the node's momentum (null: the default of 0.9), examples in each step.</summary>
    public static IEnumerable<object?[]> Rows =>
    [
        [new long[] { 3 }, null, new[] { 5, 5, 2 }],
        [new long[] { 3 }, 0.5f, new[] { 2, 7 }],
        [new long[] { 2, 4 }, 0.9f, new[] { 3, 3, 1 }],
        [new long[] { 3, 2, 3 }, null, new[] { 4, 4, 4, 3 }],
        [new long[] { 3, 2, 3 }, 0f, new[] { 4, 2 }],
        [new long[] { 3, 2, 3 }, 1f, new[] { 4, 2 }],
        [new long[] { 2, 2, 2, 2 }, 0.75f, new[] { 1, 3 }],
    ];

    [TestMethod]
    [DynamicData(nameof(Rows))]
    public void TheyFollowTheBatches(long[] example, float? momentum, int[] counts)
    {
        Model model = NormalizedModels.AtTheInput(example, 2, ("momentum", momentum));
        int channels = (int)example[0], positions = (int)example.Skip(1).Aggregate(1L, (a, b) => a * b);
        double[] mean = new double[channels], variance = [.. Enumerable.Repeat(1.0, channels)];
        using StepGraphEngine engine = BatchNormalizationTask.Engine(model);
        for (int step = 0; step < counts.Length; step++)
        {
            float[] inputs = TrainingModels.Numbers(counts[step] * channels * positions, 10 + step, 1 + step);
            engine.TrainStep(new Batch(counts[step], [inputs], TrainingModels.Numbers(counts[step], 1).Select(v => v > 0 ? 1f : 0f).ToArray()), 0.01f);
            for (int c = 0; c < channels; c++)
            {
                double[] values = [.. Enumerable.Range(0, inputs.Length).Where(i => i / positions % channels == c).Select(i => (double)inputs[i])];
                double average = values.Average(), unbiased = values.Sum(v => (v - average) * (v - average)) / (values.Length - 1);
                mean[c] = (momentum ?? 0.9) * mean[c] + (1 - (momentum ?? 0.9)) * average;
                variance[c] = (momentum ?? 0.9) * variance[c] + (1 - (momentum ?? 0.9)) * unbiased;
            }
        }
        IReadOnlyDictionary<string, TensorData> after = engine.ExportParameters();
        Compare(mean, after["norm.mean"]);
        Compare(variance, after["norm.variance"]);
    }

    [TestMethod]
    public void ALayerThatIsAppliedTwiceFollowsBothInTurn()
    {
        Model model = NormalizedModels.AtTheInput([3], 2);
        Node first = model.Graph.Nodes.Single(n => n.OpType == "BatchNormalization"), tanh = model.Graph.Nodes.Single(n => n.OpType == "Tanh");
        GraphBuilder op = new(model.Graph) { Before = tanh };
        tanh.SetInput(0, op.Add(first.Outputs[0]!, op.Op("BatchNormalization", [op.Mul(first.Inputs[0]!, op.Scalar(2)), .. first.Inputs.Skip(1)])));
        float[] inputs = TrainingModels.Numbers(12, 4);
        using StepGraphEngine engine = BatchNormalizationTask.Engine(model, options: BatchNormalizationTask.Batch with { FrozenApart = false });
        engine.TrainStep(new Batch(4, [inputs], new float[] { 0, 1, 1, 0 }), 0.01f);
        double[] averages = [.. Enumerable.Range(0, 3).Select(c => Enumerable.Range(0, 4).Average(n => (double)inputs[3 * n + c]))];
        Compare([.. averages.Select(m => 0.9 * 0.1 * m + 0.1 * 2 * m)], engine.ExportParameters()["norm.mean"]);
    }

    [TestMethod]
    public void EvaluationUsesTheRunningOnesAndChangesNothing()
    {
        Model model = NormalizedModels.ConvNet(4, 2);
        Batch batch = BatchNormalizationTask.Pictures(16, 3);
        using StepGraphEngine engine = BatchNormalizationTask.Engine(model);
        for (int i = 0; i < 3; i++)
            engine.TrainStep(batch, 0.05f);
        IReadOnlyDictionary<string, TensorData> before = engine.ExportParameters();
        float[] together = engine.Evaluate(batch).Outputs.ToArray();
        BatchNormalizationTask.AssertSame(before, engine.ExportParameters());
        float[] alone = engine.Evaluate(new Batch(1, [batch.Inputs[0][..64]], batch.Targets[..1])).Outputs.ToArray();
        for (int i = 0; i < alone.Length; i++)
            Assert.AreEqual(together[i], alone[i], 1e-5f, "an example's output does not depend on the batch");
    }

    private static void Compare(double[] expected, TensorData actual)
    {
        float[] values = actual.ToFloats();
        for (int c = 0; c < expected.Length; c++)
            Assert.AreEqual(expected[c], values[c], 2e-6 * Math.Max(1, Math.Abs(expected[c])));
    }
}
