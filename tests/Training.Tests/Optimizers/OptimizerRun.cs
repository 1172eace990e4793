using OnnxFineTune.Surgery;

namespace OnnxFineTune.Training.Tests;

/// <summary>Runs an optimizer's graph step by step.</summary>
internal static class OptimizerRun
{
    /// <summary>θ after each step.</summary>
    public static float[][] Of(IOptimizer optimizer, float[] start, float[][] gradients, float rate)
    {
        Graph graph = new();
        Value Input(string name, Shape shape) => graph.AddInput(name, ElementType.Float, shape);
        Shape vector = Shape.Of(start.Length);
        Value[] state = [.. optimizer.StateNames.Select(s => Input(s, vector))];
        ParameterUpdate update = new(Input("theta", vector), Input("g", vector), state,
            [.. optimizer.CoefficientNames.Select(c => Input(c, Shape.Scalar))]);
        float[] coefficients = new float[optimizer.CoefficientNames.Count];
        IReadOnlyList<Value> next = optimizer.Build(new GraphBuilder(graph), update);
        Assert.HasCount(1 + state.Length, next);
        graph.SetOutputs(next);
        Model model = new(graph) { Opset = GraphBuilder.WorkingOpset };
        Dictionary<string, TensorData> feeds = state.ToDictionary(s => s.Name, s => TensorData.FromFloats(new float[start.Length], start.Length));
        feeds["theta"] = TensorData.FromFloats(start, start.Length);
        List<float[]> parameters = [];
        for (int step = 0; step < gradients.Length; step++)
        {
            feeds["g"] = TensorData.FromFloats(gradients[step], start.Length);
            optimizer.Coefficients(rate, step + 1, coefficients);
            for (int i = 0; i < coefficients.Length; i++)
                feeds[optimizer.CoefficientNames[i]] = TensorData.Scalar(coefficients[i]);
            IReadOnlyDictionary<string, TensorData> results = RuntimeSession.RunOnce(model, feeds);
            feeds["theta"] = results[next[0].Name];
            for (int s = 0; s < state.Length; s++)
                feeds[state[s].Name] = results[next[1 + s].Name];
            parameters.Add(feeds["theta"].ToFloats());
        }
        return [.. parameters];
    }
}
