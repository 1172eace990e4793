using Microsoft.ML.OnnxRuntime;
using OnnxFineTune.Surgery;

namespace OnnxFineTune.Training;

/// <summary>
/// Trains on an ordinary <see cref="InferenceSession"/>: forward, loss, gradients and update are one graph of standard operators, whose inputs and
/// outputs are bound to memory that is allocated once. Not safe for use by several threads at a time.
/// </summary>
public sealed class StepGraphEngine : ITrainingEngine
{
    private readonly TrainingGraph _graph;
    private readonly StepGraphEngineOptions _options;
    private readonly SessionOptions _sessionOptions;
    private readonly RunOptions _run = new();
    private readonly InferenceSession _training;
    private readonly ParameterMemory _parameters;
    private readonly float[] _factors;
    private readonly PinnedBuffer<float> _coefficients;
    private readonly PinnedBuffer<long> _dropoutStep = new(1);
    private readonly Dictionary<string, OrtValue> _scalars;
    private InferenceSession? _evaluation;
    private BatchMemory? _batch;

    /// <summary>Opens the training session.</summary>
    /// <exception cref="ArgumentException">Options are out of range; the message lists all of them.</exception>
    /// <exception cref="GraphException">ONNX Runtime refuses the step graph, the gradients are written in kernels that it does not have, or a factor is of a parameter that is not trained.</exception>
    public StepGraphEngine(TrainingGraph graph, StepGraphEngineOptions? options = null)
    {
        _graph = graph;
        _options = options ?? new StepGraphEngineOptions();
        new OptionErrors().Include(_options.Validate()).ThrowIfAny();
        if (graph.Kernels != GradientKernels.Standard)
            throw new GraphException($"The training graph is written with {nameof(GradientKernels)}.{graph.Kernels}, kernels that only a training build of ONNX Runtime has; " +
                $"build it with {nameof(GradientKernels)}.{nameof(GradientKernels.Standard)} for this engine.");
        if (_options.LearningRateFactors.Keys.FirstOrDefault(n => !graph.Parameters.Any(p => p.Name == n)) is { } unknown)
            throw new GraphException($"'{unknown}' has a factor on the learning rate, but is not trained here.{NearestNames.Hint(unknown, graph.Parameters.Select(p => p.Name))}");
        StepGraph step = StepGraph.Build(graph, _options.Optimizer, _options.Clipping, _options.LearningRateFactors);
        _factors = [.. step.Factors];
        _sessionOptions = EngineSession.Options(_options.Threads, small: !ActivationSize.AnyIsLarge(graph.Training.Graph));
        _training = RuntimeSession.Open(step.Model, _sessionOptions);
        _parameters = new ParameterMemory(step.Groups, _options.Optimizer.StateNames, graph.Statistics);
        _coefficients = new PinnedBuffer<float>(step.Coefficients.Count);
        _scalars = step.Coefficients.Select((name, i) => (name, i)).ToDictionary(c => c.name, c => _coefficients.Tensor([], c.i));
        if (graph.DropoutStep is { } input)
            _scalars[input.Name] = _dropoutStep.Tensor([1]);
    }

    /// <summary>Training steps done.</summary>
    public long Step { get; private set; }

    /// <inheritdoc/>
    /// <exception cref="TrainingException">The batch holds fewer examples than <see cref="TrainingGraph.SmallestBatch"/>.</exception>
    public StepResult TrainStep(Batch batch, float learningRate)
    {
        if (batch.Count < _graph.SmallestBatch)
            throw new TrainingException(BatchStatistics.TooSmall);
        StepBinding binding = Load(batch);
        int count = _coefficients.Length / _factors.Length;
        for (int i = 0; i < _factors.Length; i++)
            _options.Optimizer.Coefficients((double)learningRate * _factors[i], Step + 1, _coefficients.Span.Slice(i * count, count));
        _dropoutStep.Span[0] = Step;
        _training.RunWithBinding(_run, binding.Training(_training, _parameters, _scalars));
        _parameters.Current = 1 - _parameters.Current;
        Step++;
        return Result(batch.Count);
    }

    /// <inheritdoc/>
    public StepResult Evaluate(Batch batch)
    {
        StepBinding binding = Load(batch);
        _evaluation ??= RuntimeSession.Open(_graph.Evaluation, _sessionOptions);
        _evaluation.RunWithBinding(_run, binding.Evaluation(_evaluation, _parameters));
        return Result(batch.Count);
    }

    /// <inheritdoc/>
    public IReadOnlyDictionary<string, TensorData> ExportParameters() => _parameters.Names.ToDictionary(n => n, n => _parameters.Read(n, 0));

    /// <inheritdoc/>
    public void ImportParameters(IReadOnlyDictionary<string, TensorData> parameters)
    {
        foreach ((string name, TensorData data) in parameters)
            _parameters.Check(name, data);
        foreach ((string name, TensorData data) in parameters)
            _parameters.Write(name, 0, data);
    }

    /// <inheritdoc/>
    public EngineState ExportState() => new(Step, ExportParameters(), StateSlots().ToDictionary(s => s.Key, s => _parameters.Read(s.Parameter, s.Index)));

    /// <inheritdoc/>
    public void ImportState(EngineState state)
    {
        foreach ((string key, string parameter, _) in StateSlots())
            _parameters.Check(parameter, state.OptimizerState.TryGetValue(key, out TensorData? data) ? data
                : throw new GraphException($"The state has no '{key}'; it was saved with another optimizer or other trained parameters."));
        foreach (string name in _parameters.Names)
            if (!state.Parameters.ContainsKey(name))
                throw new GraphException($"The state has no '{name}'; it was saved with other trained parameters, or with another mode of BatchNormalization.");
        ImportParameters(state.Parameters);
        foreach ((string key, string parameter, int index) in StateSlots())
            _parameters.Write(parameter, index, state.OptimizerState[key]);
        Step = state.Step;
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        _batch?.Dispose();
        _training.Dispose();
        _evaluation?.Dispose();
        _parameters.Dispose();
        foreach (OrtValue scalar in _scalars.Values)
            scalar.Dispose();
        _run.Dispose();
        _sessionOptions.Dispose();
    }

    private IEnumerable<(string Key, string Parameter, int Index)> StateSlots() =>
        _parameters.Parameters.SelectMany(n => _options.Optimizer.StateNames.Select((s, i) => ($"{n}/{s}", n, i + 1)));

    private StepBinding Load(Batch batch)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(batch.Count, 1);
        if (_batch is null || _batch.Capacity < batch.Count)
        {
            _batch?.Dispose();
            _batch = new BatchMemory(_graph, batch.Count);
        }
        return _batch.Load(batch);
    }

    private StepResult Result(int count) => new(_batch!.Loss, _batch.Outputs(count));
}
