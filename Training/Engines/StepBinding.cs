using Microsoft.ML.OnnxRuntime;
using OnnxFineTune.Surgery;

namespace OnnxFineTune.Training;

/// <summary>The bindings of one batch size: for each set of parameters one that trains from it, and one that evaluates it.</summary>
internal sealed class StepBinding : IDisposable
{
    private readonly Dictionary<string, OrtValue> _inputs, _results;
    private readonly OrtIoBinding?[] _training = new OrtIoBinding?[2], _evaluation = new OrtIoBinding?[2];

    public StepBinding(BatchMemory batch, int count)
    {
        _inputs = batch.Inputs(count);
        _results = batch.Results(count);
    }

    /// <summary>Reads the current parameters and writes the other set.</summary>
    public OrtIoBinding Training(InferenceSession session, ParameterMemory parameters, IReadOnlyDictionary<string, OrtValue> scalars)
    {
        int from = parameters.Current;
        if (_training[from] is { } ready)
            return ready;
        OrtIoBinding binding = Bind(session, name => _inputs.GetValueOrDefault(name) ?? scalars.GetValueOrDefault(name) ?? parameters.Tensor(from, name));
        foreach (string name in parameters.Updated)
            binding.BindOutput(StepGraph.NextName(name), parameters.Tensor(1 - from, name));
        return _training[from] = binding;
    }

    /// <summary>Reads the current parameters.</summary>
    public OrtIoBinding Evaluation(InferenceSession session, ParameterMemory parameters)
    {
        int from = parameters.Current;
        return _evaluation[from] ??= Bind(session, name => _inputs.GetValueOrDefault(name) ?? parameters.Tensor(from, name));
    }

    public void Dispose()
    {
        foreach (OrtIoBinding? binding in _training.Concat(_evaluation))
            binding?.Dispose();
        foreach (OrtValue tensor in _inputs.Values.Concat(_results.Values))
            tensor.Dispose();
    }

    private OrtIoBinding Bind(InferenceSession session, Func<string, OrtValue> input)
    {
        OrtIoBinding binding = session.CreateIoBinding();
        foreach (string name in session.InputNames)
            binding.BindInput(name, input(name));
        foreach ((string name, OrtValue tensor) in _results)
            binding.BindOutput(name, tensor);
        return binding;
    }
}
