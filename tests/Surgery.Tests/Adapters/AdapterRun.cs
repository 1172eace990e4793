using OnnxFineTune.Models;

namespace OnnxFineTune.Surgery.Tests;

/// <summary>Runs models with adapters.</summary>
internal static class AdapterRun
{
    /// <summary>Gives A and B content, as training would; seeded.</summary>
    public static Model Trained(this Model model, int seed = 7)
    {
        Model trained = model.Clone();
        foreach (string name in trained.AdapterParameters)
        {
            Value parameter = trained.Graph.Get(name);
            trained.Graph.SetInitializer(parameter, TensorData.FromFloats(TrainingModels.Numbers((int)parameter.Data!.Count, seed++, 0.5f), [.. parameter.Data.Shape.Select(d => d.Value!.Value)]));
        }
        return trained;
    }

    /// <summary>The first output for the same input each time, four examples where the batch is free.</summary>
    public static float[] Output(this Model model)
    {
        Value input = model.Graph.FeedInputs.Single();
        long[] shape = [.. input.Shape!.Select(d => d.Value ?? 4)];
        float[] numbers = TrainingModels.Numbers((int)Shape.Of(shape).ElementCount!.Value, 3);
        return RuntimeSession.RunOnce(model, new Dictionary<string, TensorData> { [input.Name] = TensorData.FromFloats(numbers, shape) })[model.Graph.Outputs[0].Name].ToFloats();
    }

    /// <summary>The largest difference between the numbers of two outputs, as a share of the largest number where that is above 1.</summary>
    public static float Difference(float[] a, float[] b)
    {
        Assert.AreEqual(a.Length, b.Length);
        return a.Zip(b, (x, y) => MathF.Abs(x - y)).Max() / MathF.Max(1, a.Max(MathF.Abs));
    }
}
