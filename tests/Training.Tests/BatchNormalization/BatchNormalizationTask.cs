using OnnxFineTune.Models;
using OnnxFineTune.Surgery;

namespace OnnxFineTune.Training.Tests;

/// <summary>What the tests of BatchNormalization train, and how.</summary>
internal static class BatchNormalizationTask
{
    public static readonly TrainingGraphOptions Batch = new() { BatchNormalization = BatchNormalizationMode.Batch };

    /// <summary>A training graph; with the statistics of the batch where no options say otherwise.</summary>
    public static TrainingGraph Graph(Model model, string trainable = "all", TrainingGraphOptions? options = null) =>
        TrainingGraph.Build(model, new SoftmaxCrossEntropy(), Trainable.Parse(trainable).Select(model).Select(p => p.Name), options ?? Batch);

    public static StepGraphEngine Engine(Model model, string trainable = "all", TrainingGraphOptions? options = null) =>
        new(Graph(model, trainable, options), new StepGraphEngineOptions { Threads = 1 });

    /// <summary>Pictures 8×8 of two classes that differ in the direction of their stripes, with contrast and brightness far from what an untrained network expects.</summary>
    public static Batch Pictures(int count, int seed)
    {
        float[] noise = TrainingModels.Numbers(count * 65, seed);
        float[] inputs = new float[count * 64], labels = new float[count];
        for (int n = 0; n < count; n++)
        {
            labels[n] = n % 2;
            for (int i = 0; i < 64; i++)
                inputs[n * 64 + i] = 20 + 4 * (n % 2 == 0 ? i / 8 % 2 : i % 2) + 3 * noise[n * 65 + i] + 4 * noise[n * 65 + 64];
        }
        return new Batch(count, [inputs], labels);
    }

    /// <summary><see cref="Pictures"/> as a data set.</summary>
    public static InMemoryDataset Dataset(int count, int seed)
    {
        Batch batch = Pictures(count, seed);
        return InMemoryDataset.OfClasses(Shape.Of(1, 8, 8), batch.Inputs[0].ToArray(), [.. batch.Targets.ToArray().Select(t => (int)t)], ["rows", "columns"]);
    }

    public static void AssertSame(IReadOnlyDictionary<string, TensorData> expected, IReadOnlyDictionary<string, TensorData> actual)
    {
        CollectionAssert.AreEquivalent(expected.Keys.ToArray(), actual.Keys.ToArray());
        foreach ((string name, TensorData data) in expected)
            CollectionAssert.AreEqual(data.ToFloats(), actual[name].ToFloats(), name);
    }
}
