using OnnxFineTune.Surgery;

namespace OnnxFineTune.Training;

/// <summary>
/// Trains through ONNX Runtime's training API, as an app on a device does: writes <see cref="TrainingArtifacts"/> to a temporary folder and drives a training session over them. It needs the
/// native library of the package Microsoft.ML.OnnxRuntime.Training. Not safe for use by several threads at a time.
/// </summary>
public sealed partial class OrtTrainingEngine : ITrainingEngine
{
    private readonly OrtTrainingEngineOptions _options;
    private readonly Func<string, ITrainingSession> _open;
    private readonly TrainingArtifacts _artifacts;
    private readonly BatchFeeds _feeds;
    private readonly ParameterLayout _layout;
    private readonly DirectoryInfo _folder;
    private ITrainingSession _session;
    private LinearSchedule? _schedule;
    private bool _hasWeights = true, _isDisposed;
    private float[] _outputs = [];

    /// <summary>Writes the artifacts and opens the training session.</summary>
    /// <exception cref="ArgumentException">Options are out of range, or the training API does not have the optimizer; the message lists all that is wrong.</exception>
    /// <exception cref="TrainingException">The native library is no training build; the message says which package to add. Or the weights take over 2 GB.</exception>
    /// <exception cref="GraphException">The runtime does not take the model, or its inputs cannot be fed from batches of numbers.</exception>
    public OrtTrainingEngine(TrainingGraph graph, OrtTrainingEngineOptions? options = null)
        : this(graph, options ?? new OrtTrainingEngineOptions(), OpenNative(options?.Threads ?? 0))
    {
    }

    /// <summary>An engine over another session.</summary>
    /// <param name="graph">What to train.</param>
    /// <param name="options">How.</param>
    /// <param name="open">Opens a session over the artifacts in a folder; called again when a state is loaded.</param>
    internal OrtTrainingEngine(TrainingGraph graph, OrtTrainingEngineOptions options, Func<string, ITrainingSession> open)
    {
        new OptionErrors().Include(options.Validate()).ThrowIfAny();
        (_options, _open) = (options, open);
        _feeds = new BatchFeeds(graph, weighted: options.AccumulationSteps > 1);
        _artifacts = TrainingArtifacts.Build(graph, options.Artifacts);
        _layout = new ParameterLayout(_artifacts);
        _folder = Directory.CreateTempSubdirectory("onnxft-");
        try
        {
            _artifacts.Save(_folder.FullName);
            _session = Open();
        }
        catch
        {
            _folder.Delete(recursive: true);
            throw;
        }
    }

    /// <summary>Training steps done.</summary>
    public long Step { get; private set; }

    /// <inheritdoc/>
    /// <exception cref="InvalidOperationException">A schedule is registered.</exception>
    public StepResult TrainStep(Batch batch, float learningRate)
    {
        if (_schedule is not null)
            throw new InvalidOperationException("A schedule is registered and sets the learning rate; call TrainStep without one.");
        StepResult result = Accumulate(batch);
        _session.SetLearningRate(learningRate);
        return Update(result);
    }

    /// <summary>Forward, loss, gradients and update on one batch, with the learning rate of the registered schedule.</summary>
    /// <exception cref="InvalidOperationException">No schedule is registered.</exception>
    public StepResult TrainStep(Batch batch)
    {
        if (_schedule is null)
            throw new InvalidOperationException($"No schedule is registered; call {nameof(RegisterLinearSchedule)} first, or give the learning rate.");
        StepResult result = Accumulate(batch);
        _session.SchedulerStep();
        return Update(result);
    }

    /// <summary>
    /// Lets the runtime set the learning rates of all further steps: in step k, from 0, that of k/warmupSteps of <paramref name="initialRate"/>, then linearly down to 0 at step totalSteps.
    /// </summary>
    /// <param name="warmupSteps">Steps of the rise, 0 or more; the first has a rate of 0.</param>
    /// <param name="totalSteps">Steps in all, at least 1 and no fewer than <paramref name="warmupSteps"/>.</param>
    /// <param name="initialRate">The highest rate.</param>
    /// <exception cref="InvalidOperationException">A schedule is registered already.</exception>
    public void RegisterLinearSchedule(long warmupSteps, long totalSteps, float initialRate)
    {
        if (_schedule is not null)
            throw new InvalidOperationException("A schedule is registered already; a session takes only one.");
        new OptionErrors()
            .InRange(nameof(totalSteps), totalSteps, 1, long.MaxValue)
            .InRange(nameof(warmupSteps), warmupSteps, 0, totalSteps)
            .Positive(nameof(initialRate), initialRate).ThrowIfAny();
        LinearSchedule schedule = new(warmupSteps, totalSteps, initialRate);
        schedule.Register(_session);
        _schedule = schedule;
    }

    /// <inheritdoc/>
    public StepResult Evaluate(Batch batch)
    {
        RequireWeights();
        _feeds.Sizes.Check(batch);
        IReadOnlyList<TensorData> outputs = _session.EvalStep(_feeds.Evaluation(batch));
        return new StepResult(outputs[0].Span<float>()[0], Keep(outputs[1], 0, batch.Count));
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        if (_isDisposed)
            return;
        _isDisposed = true;
        _session.Dispose();
        _folder.Delete(recursive: true);
    }

    private static Func<string, ITrainingSession> OpenNative(int threads)
    {
        OrtTrainingLibrary.Require();
        return folder => new NativeTrainingSession(folder, threads);
    }

    /// <summary>Opens a session over the files in the folder.</summary>
    private ITrainingSession Open()
    {
        ITrainingSession session = _open(_folder.FullName);
        string[] expected = [.. _artifacts.TrainingModel.Graph.Inputs.Take(_feeds.TrainingInputs).Select(v => v.Name)];
        if (session.InputNames(training: true).SequenceEqual(expected))
            return session;
        // The runtime takes a parameter that its checkpoint lacks for an input, and feeds go by position.
        string actual = string.Join(", ", session.InputNames(training: true));
        session.Dispose();
        throw new GraphException($"The runtime asks for the inputs {actual} in a training step, but the training model's are {string.Join(", ", expected)}; rename those that it takes for gradients or parameters.");
    }

    /// <summary>Gradients of a batch, in the buffers; micro-batch by micro-batch where that is asked for.</summary>
    private StepResult Accumulate(Batch batch)
    {
        RequireWeights();
        _feeds.Sizes.Check(batch);
        _session.LazyResetGrad();
        int parts = Math.Min(_options.AccumulationSteps, batch.Count);
        double loss = 0;
        ReadOnlyMemory<float> kept = default;
        for (int part = 0, start = 0; part < parts; part++)
        {
            int count = batch.Count / parts + (part < batch.Count % parts ? 1 : 0);
            IReadOnlyList<TensorData> outputs = _session.TrainStep(_feeds.Training(batch, start, count, Step * _options.AccumulationSteps + part));
            loss += outputs[0].Span<float>()[0] * ((double)count / batch.Count);
            kept = Keep(outputs[1], start, batch.Count);
            start += count;
        }
        return new StepResult((float)loss, kept);
    }

    private StepResult Update(StepResult result)
    {
        _session.OptimizerStep();
        Step++;
        return result;
    }

    /// <summary>Copies the outputs of examples from <paramref name="start"/> on to where those of the whole batch are.</summary>
    private Memory<float> Keep(TensorData outputs, int start, int batch)
    {
        int one = ExampleSizes.Count(_feeds.Sizes.Output);
        if (_outputs.Length < batch * one)
            _outputs = new float[batch * one];
        outputs.Span<float>().CopyTo(_outputs.AsSpan(start * one));
        return _outputs.AsMemory(0, batch * one);
    }

    /// <summary>A schedule of the runtime, kept because a session that is opened anew has none.</summary>
    private sealed record LinearSchedule(long WarmupSteps, long TotalSteps, float InitialRate)
    {
        public void Register(ITrainingSession session) => session.RegisterLinearSchedule(WarmupSteps, TotalSteps, InitialRate);
    }
}
