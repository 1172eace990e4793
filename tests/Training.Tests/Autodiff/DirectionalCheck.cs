using OnnxFineTune.Models;
using OnnxFineTune.Surgery;

namespace OnnxFineTune.Training.Tests;

/// <summary>Compares the gradient of each parameter of a training graph, along one direction, with a central difference of the loss in float32.</summary>
internal static class DirectionalCheck
{
    private const float Step = 1e-2f;

    public static void Run(TrainingGraph graph, Dictionary<string, TensorData> feeds, double tolerance)
    {
        IReadOnlyDictionary<string, TensorData> results = RuntimeSession.RunOnce(graph.Training, feeds);
        foreach (TrainedParameter parameter in graph.Parameters)
        {
            float[] direction = TrainingModels.Numbers(parameter.Initial.ToFloats().Length, 5), gradient = results[parameter.Gradient.Name].ToFloats();
            double expected = (LossAt(graph, feeds, parameter, direction, Step) - LossAt(graph, feeds, parameter, direction, -Step)) / (2 * Step);
            double actual = gradient.Zip(direction, (g, d) => (double)g * d).Sum();
            Assert.AreEqual(expected, actual, tolerance * Math.Max(1, Math.Abs(expected)), parameter.Name);
            Assert.IsTrue(Math.Abs(actual) > tolerance, $"'{parameter.Name}' has an influence that the check sees: {actual}");
        }
    }

    private static double LossAt(TrainingGraph graph, Dictionary<string, TensorData> feeds, TrainedParameter parameter, float[] direction, float step)
    {
        float[] moved = [.. parameter.Initial.ToFloats().Zip(direction, (v, d) => v + step * d)];
        Dictionary<string, TensorData> changed = new(feeds) { [parameter.Name] = TensorData.FromFloats(moved, parameter.Initial.Shape.ToArray()) };
        return RuntimeSession.RunOnce(graph.Training, changed)[graph.Loss.Name].ToFloats()[0];
    }
}
