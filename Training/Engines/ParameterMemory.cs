using System.Runtime.InteropServices;
using Microsoft.ML.OnnxRuntime;
using OnnxFineTune.Surgery;

namespace OnnxFineTune.Training;

/// <summary>θ, the optimizer's state and running statistics, twice: a step reads one set and writes the other, so nothing is copied between steps.</summary>
internal sealed class ParameterMemory : IDisposable
{
    private readonly IReadOnlyList<string> _stateNames;
    private readonly Dictionary<string, OrtValue>[] _tensors = [[], []];   // by input name of the step graph
    private readonly Dictionary<string, Place> _places = [];
    private readonly List<string> _updated = [];

    public ParameterMemory(IReadOnlyList<ParameterGroup> groups, IReadOnlyList<string> stateNames, IReadOnlyList<RunningStatistic> statistics)
    {
        _stateNames = stateNames;
        Parameters = [.. groups.SelectMany(g => g.Parameters).Select(p => p.Name)];
        foreach (ParameterGroup group in groups)
            Add(group);
        foreach (RunningStatistic statistic in statistics)
            Add(statistic);
    }

    /// <summary>Names of the parameters.</summary>
    public IReadOnlyList<string> Parameters { get; }

    /// <summary>Names of the parameters and statistics.</summary>
    public IEnumerable<string> Names => _places.Keys;

    /// <summary>The set that holds the present values: 0 or 1.</summary>
    public int Current { get; set; }

    /// <summary>The runtime tensor of a parameter, group, state or statistic in one of the sets.</summary>
    public OrtValue Tensor(int set, string name) => _tensors[set][name];

    /// <summary>Names of θ and state of all groups and of the statistics, as inputs of the step graph.</summary>
    public IReadOnlyList<string> Updated => _updated;

    /// <summary>A copy of θ or of a statistic (index 0), or of a state tensor (index 1 and up) of one parameter.</summary>
    public TensorData Read(string name, int index) => TensorData.FromBytes(ElementType.Float, _places[name].Initial.Shape, MemoryMarshal.AsBytes(_places[name].Span(Current, index)).ToArray());

    /// <summary>Replaces θ or a statistic (index 0), or a state tensor (index 1 and up) of one parameter.</summary>
    /// <exception cref="GraphException">There is none of that name, or type or shape differ.</exception>
    public void Write(string name, int index, TensorData data)
    {
        Check(name, data);
        data.Span<float>().CopyTo(_places[name].Span(Current, index));
    }

    /// <summary>Fails unless <paramref name="data"/> fits the parameter or statistic.</summary>
    public void Check(string name, TensorData data)
    {
        if (!_places.TryGetValue(name, out Place? place))
            throw new GraphException($"'{name}' is not trained here.{NearestNames.Hint(name, _places.Keys)}");
        Shape expected = place.Initial.Shape;
        if (data.ElementType != ElementType.Float || !data.Shape.Equals(expected))
            throw new GraphException($"'{name}' is Float {expected} here, but {data} was given.");
    }

    public void Dispose()
    {
        foreach (OrtValue tensor in _tensors.SelectMany(t => t.Values))
            tensor.Dispose();
    }

    private void Add(ParameterGroup group)
    {
        PinnedBuffer<float>[][] sets = NewSets(group.Length, 1 + _stateNames.Count);
        for (int i = 0; i < group.Parameters.Count; i++)
            _places[group.Parameters[i].Name] = new Place(sets, group.Offsets[i], group.Parameters[i].Initial);
        AddTensors(group.Name, sets, 0, group.Shape);
        for (int i = 0; i < _stateNames.Count; i++)
            AddTensors(group.StateName(_stateNames[i]), sets, 1 + i, group.Shape);
        if (!group.IsShared)
            return;
        for (int i = 0; i < group.Parameters.Count; i++)
            for (int set = 0; set < 2; set++)
                _tensors[set][group.Parameters[i].Name] = sets[set][0].Tensor(group.Parameters[i].Initial.Shape.ToArray(), group.Offsets[i]);
    }

    private void Add(RunningStatistic statistic)
    {
        PinnedBuffer<float>[][] sets = NewSets((int)statistic.Initial.Count, 1);
        _places[statistic.Name] = new Place(sets, 0, statistic.Initial);
        AddTensors(statistic.Name, sets, 0, statistic.Initial.Shape);
    }

    private static PinnedBuffer<float>[][] NewSets(int length, int count) =>
        [.. Enumerable.Range(0, 2).Select(_ => Enumerable.Range(0, count).Select(_ => new PinnedBuffer<float>(length)).ToArray())];

    private void AddTensors(string name, PinnedBuffer<float>[][] sets, int index, Shape shape)
    {
        _updated.Add(name);
        for (int set = 0; set < 2; set++)
            _tensors[set][name] = sets[set][index].Tensor(shape.ToArray());
    }

    /// <summary>Where a parameter or statistic lies.</summary>
    private sealed class Place
    {
        private readonly PinnedBuffer<float>[][] _sets;     // [set][θ, then states]
        private readonly int _offset;

        public Place(PinnedBuffer<float>[][] sets, int offset, TensorData initial)
        {
            (_sets, _offset, Initial) = (sets, offset, initial);
            initial.Span<float>().CopyTo(Span(0, 0));
        }

        public TensorData Initial { get; }

        public Span<float> Span(int set, int index) => _sets[set][index].Span.Slice(_offset, (int)Initial.Count);
    }
}
