using System.Runtime.InteropServices;
using Microsoft.ML.OnnxRuntime;
using OnnxFineTune.Surgery;

namespace OnnxFineTune.Training;

/// <summary>θ and the optimizer's state, twice: a step reads one set and writes the other, so nothing is copied between steps.</summary>
internal sealed class ParameterMemory : IDisposable
{
    private readonly IReadOnlyList<string> _stateNames;
    private readonly IReadOnlyList<ParameterGroup> _groups;
    private readonly PinnedBuffer<float>[][][] _buffers;                   // [set][group][θ, then states]
    private readonly Dictionary<string, OrtValue>[] _tensors = [[], []];   // by input name of the step graph
    private readonly Dictionary<string, (int Group, int Offset, TrainedParameter Parameter)> _places = [];

    public ParameterMemory(IReadOnlyList<ParameterGroup> groups, IReadOnlyList<string> stateNames)
    {
        _groups = groups;
        _stateNames = stateNames;
        _buffers = [.. Enumerable.Range(0, 2).Select(_ => groups.Select(g => NewBuffers(g.Length)).ToArray())];
        for (int i = 0; i < groups.Count; i++)
            for (int j = 0; j < groups[i].Parameters.Count; j++)
            {
                TrainedParameter parameter = groups[i].Parameters[j];
                _places[parameter.Name] = (i, groups[i].Offsets[j], parameter);
                parameter.Initial.Span<float>().CopyTo(Slot(0, parameter.Name, 0));
            }
        for (int set = 0; set < 2; set++)
            AddTensors(set);
    }

    /// <summary>Names of the parameters.</summary>
    public IEnumerable<string> Names => _places.Keys;

    /// <summary>The set that holds the present θ: 0 or 1.</summary>
    public int Current { get; set; }

    /// <summary>The runtime tensor of a parameter, group or state in one of the sets.</summary>
    public OrtValue Tensor(int set, string name) => _tensors[set][name];

    /// <summary>Names of θ and state of all groups, as inputs of the step graph.</summary>
    public IEnumerable<string> Updated => _groups.SelectMany(g => _stateNames.Select(g.StateName).Prepend(g.Name));

    /// <summary>A copy of θ (index 0) or of a state tensor (index 1 and up) of one parameter.</summary>
    public TensorData Read(string name, int index) => TensorData.FromBytes(ElementType.Float, _places[name].Parameter.Initial.Shape,
        MemoryMarshal.AsBytes(Slot(Current, name, index)).ToArray());

    /// <summary>Replaces θ (index 0) or a state tensor (index 1 and up) of one parameter.</summary>
    /// <exception cref="GraphException">There is no such parameter, or type or shape differ.</exception>
    public void Write(string name, int index, TensorData data)
    {
        Check(name, data);
        data.Span<float>().CopyTo(Slot(Current, name, index));
    }

    /// <summary>Fails unless <paramref name="data"/> fits the parameter.</summary>
    public void Check(string name, TensorData data)
    {
        if (!_places.TryGetValue(name, out (int, int, TrainedParameter Parameter) place))
            throw new GraphException($"'{name}' is not trained here.{NearestNames.Hint(name, _places.Keys)}");
        Shape expected = place.Parameter.Initial.Shape;
        if (data.ElementType != ElementType.Float || !data.Shape.Equals(expected))
            throw new GraphException($"'{name}' is Float {expected} here, but {data} was given.");
    }

    public void Dispose()
    {
        foreach (OrtValue tensor in _tensors.SelectMany(t => t.Values))
            tensor.Dispose();
    }

    private PinnedBuffer<float>[] NewBuffers(int length) => [.. Enumerable.Range(0, 1 + _stateNames.Count).Select(_ => new PinnedBuffer<float>(length))];

    private Span<float> Slot(int set, string name, int index)
    {
        (int group, int offset, TrainedParameter parameter) = _places[name];
        return _buffers[set][group][index].Span.Slice(offset, (int)parameter.Initial.Count);
    }

    private void AddTensors(int set)
    {
        for (int i = 0; i < _groups.Count; i++)
        {
            ParameterGroup group = _groups[i];
            PinnedBuffer<float>[] buffers = _buffers[set][i];
            _tensors[set][group.Name] = buffers[0].Tensor(group.Shape.ToArray());
            for (int s = 0; s < _stateNames.Count; s++)
                _tensors[set][group.StateName(_stateNames[s])] = buffers[1 + s].Tensor(group.Shape.ToArray());
            if (group.IsShared)
                for (int j = 0; j < group.Parameters.Count; j++)
                    _tensors[set][group.Parameters[j].Name] = buffers[0].Tensor(group.Parameters[j].Initial.Shape.ToArray(), group.Offsets[j]);
        }
    }
}
