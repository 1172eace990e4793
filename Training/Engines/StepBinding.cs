using System.Collections.ObjectModel;
using Microsoft.ML.OnnxRuntime;

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
        ref OrtIoBinding? binding = ref _training[parameters.Current];
        if (binding is null)
        {
            binding = Bind(session, parameters, scalars);
            foreach (string name in parameters.Updated)
                binding.BindOutput(StepGraph.NextName(name), parameters.Tensor(1 - parameters.Current, name));
        }
        return binding;
    }

    /// <summary>Reads the current parameters.</summary>
    public OrtIoBinding Evaluation(InferenceSession session, ParameterMemory parameters) =>
        _evaluation[parameters.Current] ??= Bind(session, parameters, ReadOnlyDictionary<string, OrtValue>.Empty);

    public void Dispose()
    {
        foreach (OrtIoBinding? binding in _training.Concat(_evaluation))
            binding?.Dispose();
        foreach (OrtValue tensor in _inputs.Values.Concat(_results.Values))
            tensor.Dispose();
    }

    private OrtIoBinding Bind(InferenceSession session, ParameterMemory parameters, IReadOnlyDictionary<string, OrtValue> scalars)
    {
        OrtIoBinding binding = session.CreateIoBinding();
        foreach (string name in session.InputNames)
            binding.BindInput(name, _inputs.GetValueOrDefault(name) ?? scalars.GetValueOrDefault(name) ?? parameters.Tensor(parameters.Current, name));
        foreach ((string name, OrtValue tensor) in _results)
            binding.BindOutput(name, tensor);
        return binding;
    }
}
