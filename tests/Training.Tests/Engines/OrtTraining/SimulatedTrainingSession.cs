using OnnxFineTune.Surgery;

namespace OnnxFineTune.Training.Tests;

/// <summary>
/// A training session as ONNX Runtime's contract describes it, over the artifacts of a folder, on the ordinary runtime: the models run there, and what only the training build has
/// (accumulation, optimizer, schedule) is written out here, apart from the library.
/// </summary>
internal sealed class SimulatedTrainingSession : ITrainingSession
{
    private const string Reset = "lazy_reset_grad", Buffer = "_grad.accumulation.buffer";

    private readonly SimulatedModel _training, _evaluation;
    private readonly SimulatedOptimizer _optimizer;
    private readonly OrderedDictionary<string, TensorData> _parameters = [];          // in the order of the training model's inputs
    private readonly Dictionary<string, float[]> _gradients = [];
    private readonly Checkpoint _opened;
    private readonly string[] _trained;
    private bool _accumulate, _hasWeights;
    private (long Warmup, long Total)? _schedule;

    public SimulatedTrainingSession(string folder)
    {
        string File(string name) => Path.Combine(folder, name);
        _opened = Checkpoint.Read(File("checkpoint"));
        _hasWeights = !_opened.IsNominal;
        Model training = Model.Load(File("training_model.onnx")), evaluation = Model.Load(File("eval_model.onnx"));
        foreach (Value input in training.Graph.Inputs.Where(v => IsParameter(v.Name)))
            _parameters.Add(input.Name, _opened.IsNominal ? TensorData.FromFloats(new float[input.Shape!.ElementCount!.Value], input.Shape.ToArray()) : Weight(input.Name));
        _trained = [.. _parameters.Keys.Where(_opened.Trainable.ContainsKey)];
        CheckTraining(training.Graph);
        _training = SimulatedModel.Training(training, IsParameter, n => n == Reset || n.EndsWith("_grad", StringComparison.Ordinal) || n.EndsWith(Buffer, StringComparison.Ordinal));
        _evaluation = SimulatedModel.Evaluation(evaluation, IsParameter);
        _optimizer = new SimulatedOptimizer(Model.Load(File("optimizer_model.onnx")), _opened.Optimizer, _trained.ToDictionary(n => n, n => (int)_parameters[n].Count));
    }

    public IReadOnlyList<string> InputNames(bool training) => (training ? _training : _evaluation).UserInputs;

    public IReadOnlyList<TensorData> TrainStep(IReadOnlyList<TensorData> inputs)
    {
        (IReadOnlyList<TensorData> outputs, IReadOnlyDictionary<string, TensorData> gradients) = _training.Run(inputs, Weights());
        foreach ((string parameter, TensorData gradient) in gradients)
            if (_accumulate && _gradients.TryGetValue(parameter, out float[]? sum))
                for (int i = 0; i < sum.Length; i++)
                    sum[i] += gradient.Span<float>()[i];
            else
                _gradients[parameter] = gradient.ToFloats();
        _accumulate = true;
        return outputs;
    }

    public IReadOnlyList<TensorData> EvalStep(IReadOnlyList<TensorData> inputs) => _evaluation.Run(inputs, Weights()).Outputs;

    public void OptimizerStep()
    {
        Weights();
        foreach ((string name, float[] value) in _optimizer.Update([.. _trained.Select(n => (n, _parameters[n].ToFloats(), _gradients.GetValueOrDefault(n) ?? new float[_parameters[n].Count]))]))
            _parameters[name] = TensorData.FromFloats(value, _parameters[name].Shape.ToArray());
    }

    public void LazyResetGrad() => _accumulate = false;

    public void SetLearningRate(float rate) => _optimizer.LearningRate = _schedule is null ? rate
        : throw new InvalidOperationException("Cannot set constant LR while using LR scheduler.");

    public void RegisterLinearSchedule(long warmupSteps, long totalSteps, float initialRate)
    {
        if (_schedule is not null)
            throw new InvalidOperationException("Cannot set LR scheduler while using constant LR.");
        _schedule = (warmupSteps, totalSteps);
        SchedulerStep();                                   // as the runtime: with the rate from before
        _optimizer.InitialLearningRate = initialRate;
    }

    public void SchedulerStep()
    {
        (long warmup, long total) = _schedule ?? throw new InvalidOperationException("Cannot take scheduler step without registering a valid LR scheduler.");
        long step = _optimizer.Step;
        float factor = step < warmup ? step / Math.Max(1f, warmup) : Math.Max(0, (total - step) / Math.Max(1f, total - warmup));
        _optimizer.LearningRate = _optimizer.InitialLearningRate * factor;
    }

    public float[] ToBuffer(bool trainableOnly) => [.. Weights().Where(p => !trainableOnly || _trained.Contains(p.Key)).SelectMany(p => p.Value.ToFloats())];

    public void FromBuffer(ReadOnlySpan<float> values, bool trainableOnly)
    {
        if (!_hasWeights && trainableOnly)
            throw new InvalidOperationException("A nominal checkpoint takes all parameters at once.");
        foreach (string name in trainableOnly ? _trained : [.. _parameters.Keys])
        {
            int count = (int)_parameters[name].Count;
            _parameters[name] = TensorData.FromFloats(values[..count], _parameters[name].Shape.ToArray());
            values = values[count..];
        }
        Assert.AreEqual(0, values.Length, "the buffer's length");
        _hasWeights = true;
    }

    public void SaveCheckpoint(string path, bool withOptimizerState) => new Checkpoint
    {
        Trainable = new OrderedDictionary<string, TensorData>(Weights().Where(p => _trained.Contains(p.Key))),
        Frozen = new OrderedDictionary<string, TensorData>(Weights().Where(p => !_trained.Contains(p.Key))),
        OptimizerGroups = withOptimizerState ? [_optimizer.State(n => _parameters[n].Shape)] : [],
        Properties = _opened.Properties,
    }.Write(path);

    public void ExportInferenceModel(string path, IReadOnlyList<string> outputs) => _evaluation.Export(path, Weights(), outputs);

    public void Dispose()
    {
        _training.Dispose();
        _evaluation.Dispose();
    }

    private bool IsParameter(string name) => _opened.Trainable.ContainsKey(name) || _opened.Frozen.ContainsKey(name);

    private TensorData Weight(string name) => _opened.Trainable.TryGetValue(name, out TensorData? data) ? data : _opened.Frozen[name];

    private OrderedDictionary<string, TensorData> Weights() => _hasWeights ? _parameters
        : throw new InvalidOperationException("The checkpoint is nominal; its weights must be copied in first.");

    /// <summary>What the runtime refuses when a session is made.</summary>
    private void CheckTraining(Graph graph)
    {
        HashSet<string> inputs = [.. graph.Inputs.Select(v => v.Name)];
        if (!inputs.Contains(Reset))
            throw new InvalidOperationException($"The training model has no input '{Reset}'.");
        foreach (string name in _opened.Trainable.Keys)
            if (!inputs.Contains(name) || !inputs.Contains(name + Buffer))
                throw new InvalidOperationException($"The training model has no input for the trainable parameter '{name}' or its buffer.");
    }
}
