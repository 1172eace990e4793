using Microsoft.ML.OnnxRuntime;
using OnnxFineTune.Surgery;

namespace OnnxFineTune.Training.Tests;

/// <summary>A training or an evaluation model on the ordinary runtime: what a caller feeds goes by position, and so do the weights.</summary>
internal sealed class SimulatedModel : IDisposable
{
    private readonly Model _model;
    private readonly InferenceSession _session;
    private readonly string[] _parameters;
    private readonly int _userOutputs;
    private readonly Dictionary<string, string> _gradients;          // name of the gradient → parameter

    private SimulatedModel(Model model, string[] userInputs, string[] parameters, int userOutputs, Dictionary<string, string> gradients)
    {
        (_model, UserInputs, _parameters, _userOutputs, _gradients) = (model, userInputs, parameters, userOutputs, gradients);
        _session = RuntimeSession.Open(model);
    }

    public IReadOnlyList<string> UserInputs { get; }

    /// <summary>The model without its accumulators, whose gradients become outputs.</summary>
    public static SimulatedModel Training(Model model, Func<string, bool> isParameter, Func<string, bool> isControl)
    {
        Graph graph = model.Graph;
        Node[] accumulators = [.. graph.Nodes.Where(n => n is { Domain: "com.microsoft", OpType: "InPlaceAccumulatorV2" })];
        Dictionary<string, string> gradients = accumulators.ToDictionary(n => n.Inputs[1]!.Name, n => n.Inputs[0]!.Name.Replace("_grad.accumulation.buffer", ""));
        Value[] updated = [.. accumulators.Select(n => n.Outputs[0]!)], user = [.. graph.Outputs.Except(updated)];
        graph.SetOutputs([.. user, .. accumulators.Select(n => n.Inputs[1]!)]);
        graph.RemoveNodes(accumulators);
        foreach (Value control in graph.Inputs.Where(v => isControl(v.Name)).ToArray())
            graph.RemoveInput(control);
        return Of(model, isParameter, user.Length, gradients);
    }

    public static SimulatedModel Evaluation(Model model, Func<string, bool> isParameter) => Of(model, isParameter, model.Graph.Outputs.Count, []);

    /// <summary>One run.</summary>
    /// <param name="inputs">What the caller feeds, by position.</param>
    /// <param name="weights">All parameters, in the order of the training model.</param>
    /// <returns>What the caller gets by position, and the gradients by parameter.</returns>
    public (IReadOnlyList<TensorData> Outputs, IReadOnlyDictionary<string, TensorData> Gradients) Run(IReadOnlyList<TensorData> inputs, OrderedDictionary<string, TensorData> weights)
    {
        if (inputs.Count != UserInputs.Count || weights.Count != _parameters.Length)
            throw new ArgumentException($"{inputs.Count} inputs and {weights.Count} weights were given for {UserInputs.Count} and {_parameters.Length}.");
        Dictionary<string, OrtValue> feeds = UserInputs.Zip(inputs).Concat(_parameters.Zip(weights.Values)).ToDictionary(f => f.First, f => f.Second.ToOrtValue());
        try
        {
            using RunOptions run = new();
            using IDisposableReadOnlyCollection<OrtValue> results = _session.Run(run, feeds, _session.OutputNames);
            TensorData[] outputs = [.. results.Select(r => r.ToTensorData())];
            return (outputs[.._userOutputs], _session.OutputNames.Zip(outputs).Skip(_userOutputs).ToDictionary(o => _gradients[o.First], o => o.Second));
        }
        finally
        {
            foreach (OrtValue feed in feeds.Values)
                feed.Dispose();
        }
    }

    /// <summary>Writes the model with constant weights and only some outputs.</summary>
    public void Export(string path, OrderedDictionary<string, TensorData> weights, IReadOnlyList<string> outputs)
    {
        Model model = _model.Clone();
        foreach ((string parameter, TensorData data) in _parameters.Zip(weights.Values))
        {
            Value value = model.Graph.Get(parameter);
            model.Graph.RemoveInput(value);
            value.ReplaceUsesWith(model.Graph.AddInitializer(model.Graph.UniqueName(parameter), data));
        }
        model.Graph.SetOutputs([.. outputs.Select(model.Graph.Get)]);
        RemoveUnused.Run(model.Graph);
        foreach (Value unused in model.Graph.FeedInputs.Where(v => v.Uses.Count == 0).ToArray())
            model.Graph.RemoveInput(unused);
        model.Save(path);
    }

    public void Dispose() => _session.Dispose();

    private static SimulatedModel Of(Model model, Func<string, bool> isParameter, int userOutputs, Dictionary<string, string> gradients) =>
        new(model, [.. model.Graph.FeedInputs.Select(v => v.Name).Where(n => !isParameter(n))], [.. model.Graph.FeedInputs.Select(v => v.Name).Where(isParameter)],
            userOutputs, gradients);
}
