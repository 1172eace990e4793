using OnnxFineTune.Surgery;

namespace OnnxFineTune.Training;

/// <summary>The parameters of artifacts as a training session lays them one after the other in a buffer: in the order of the training model's inputs.</summary>
internal sealed class ParameterLayout
{
    private readonly (string Name, Shape Shape, bool Trained)[] _parameters;

    public ParameterLayout(TrainingArtifacts artifacts)
    {
        Checkpoint checkpoint = artifacts.Checkpoint;
        _parameters = [.. artifacts.TrainingModel.Graph.Inputs
            .Where(v => checkpoint.Trainable.ContainsKey(v.Name) || checkpoint.Frozen.ContainsKey(v.Name))
            .Select(v => (v.Name, v.Shape!, checkpoint.Trainable.ContainsKey(v.Name)))];
    }

    /// <summary>Names of the trained parameters, in order.</summary>
    public IEnumerable<string> Trained => Of(trained: true).Select(p => p.Name);

    /// <summary>Number of elements of the trained parameters, or of all.</summary>
    public int Count(bool trainedOnly) => checked((int)_parameters.Where(p => p.Trained || !trainedOnly).Sum(p => p.Shape.ElementCount!.Value));

    /// <summary>Fails unless <paramref name="data"/> fits the trained parameter.</summary>
    /// <exception cref="GraphException">No such parameter is trained, or type or shape differ.</exception>
    public void Check(string name, TensorData data)
    {
        if (Of(trained: true).FirstOrDefault(p => p.Name == name).Shape is not { } shape)
            throw new GraphException($"'{name}' is not trained here.{NearestNames.Hint(name, Trained)}");
        if (data.ElementType != ElementType.Float || !data.Shape.Equals(shape))
            throw new GraphException($"'{name}' is Float {shape} here, but {data} was given.");
    }

    /// <summary>Fails unless a checkpoint has these parameters, trained and frozen as here.</summary>
    /// <param name="checkpoint">The checkpoint; shapes count unless it is nominal.</param>
    /// <param name="what">How the message calls it.</param>
    /// <exception cref="TrainingException">A parameter is missing, too many, of another shape, or frozen there and trained here.</exception>
    public void Check(Checkpoint checkpoint, string what)
    {
        foreach ((bool trained, IReadOnlyDictionary<string, TensorData> tensors) in new[] { (true, checkpoint.Trainable), (false, checkpoint.Frozen) })
        {
            string kind = trained ? "trained" : "frozen";
            foreach ((string name, Shape shape, _) in Of(trained))
                if (!tensors.TryGetValue(name, out TensorData? data))
                    throw new TrainingException($"{what} does not hold '{name}' as a {kind} parameter; it belongs to other artifacts.");
                else if (!checkpoint.IsNominal && (data.ElementType != ElementType.Float || !data.Shape.Equals(shape)))
                    throw new TrainingException($"{what} holds '{name}' as {data}, but it is Float {shape} here; it belongs to other artifacts.");
            if (tensors.Keys.FirstOrDefault(n => !Of(trained).Any(p => p.Name == n)) is { } other)
                throw new TrainingException($"{what} holds '{other}' as a {kind} parameter, which it is not here; it belongs to other artifacts.");
        }
    }

    /// <summary>The tensors in a buffer of the trained parameters.</summary>
    public OrderedDictionary<string, TensorData> SplitTrained(ReadOnlySpan<float> buffer) => Split(buffer, trained: true, skipOthers: false);

    /// <summary>The frozen tensors in a buffer of all parameters.</summary>
    public OrderedDictionary<string, TensorData> SplitFrozen(ReadOnlySpan<float> buffer) => Split(buffer, trained: false, skipOthers: true);

    /// <summary>Writes trained parameters to their places in a buffer of the trained parameters.</summary>
    public void Write(IReadOnlyDictionary<string, TensorData> parameters, Span<float> buffer)
    {
        foreach ((string name, Shape shape, _) in Of(trained: true))
        {
            int count = (int)shape.ElementCount!.Value;
            if (parameters.TryGetValue(name, out TensorData? data))
                data.Span<float>().CopyTo(buffer);
            buffer = buffer[count..];
        }
    }

    private IEnumerable<(string Name, Shape Shape, bool Trained)> Of(bool trained) => _parameters.Where(p => p.Trained == trained);

    private OrderedDictionary<string, TensorData> Split(ReadOnlySpan<float> buffer, bool trained, bool skipOthers)
    {
        OrderedDictionary<string, TensorData> tensors = [];
        foreach ((string name, Shape shape, bool isTrained) in _parameters)
        {
            int count = (int)shape.ElementCount!.Value;
            if (isTrained == trained)
                tensors.Add(name, TensorData.FromFloats(buffer[..count], shape.ToArray()));
            else if (!skipOthers)
                continue;
            buffer = buffer[count..];
        }
        return tensors;
    }
}
