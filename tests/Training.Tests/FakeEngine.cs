using OnnxFineTune.Surgery;

namespace OnnxFineTune.Training.Tests;

/// <summary>An engine of one parameter θ that counts steps up; losses are what a test wants of them.</summary>
internal sealed class FakeEngine : ITrainingEngine
{
    private float _theta;

    /// <summary>Loss of training step n, 1 for the first.</summary>
    public Func<int, float> TrainLoss { get; init; } = _ => 1;

    /// <summary>Loss of an evaluation after n steps.</summary>
    public Func<int, float> ValidationLoss { get; init; } = _ => 1;

    /// <summary>How many answers of an evaluation are right after n steps.</summary>
    public Func<int, int> RightAnswers { get; init; } = _ => 0;

    /// <summary>Called after a training step.</summary>
    public Action<int> AfterStep { get; init; } = _ => { };

    public List<float> LearningRates { get; } = [];

    public List<float[]> TrainedInputs { get; } = [];

    public int Steps => LearningRates.Count;

    /// <summary>θ, the number of steps its weights have seen.</summary>
    public float Theta => _theta;

    public bool IsDisposed { get; private set; }

    public StepResult TrainStep(Batch batch, float learningRate)
    {
        LearningRates.Add(learningRate);
        TrainedInputs.Add(batch.Inputs[0].ToArray());
        _theta++;
        float loss = TrainLoss(Steps);
        AfterStep(Steps);
        return new StepResult(loss, new float[2 * batch.Count]);
    }

    public StepResult Evaluate(Batch batch)
    {
        float[] outputs = new float[2 * batch.Count];
        for (int i = 0; i < batch.Count; i++)
            outputs[2 * i + ((int)batch.Targets.Span[i] ^ (i < RightAnswers((int)_theta) ? 0 : 1))] = 1;
        return new StepResult(ValidationLoss((int)_theta), outputs);
    }

    public IReadOnlyDictionary<string, TensorData> ExportParameters() => new Dictionary<string, TensorData> { ["theta"] = TensorData.Scalar(_theta) };

    public void ImportParameters(IReadOnlyDictionary<string, TensorData> parameters) => _theta = parameters.TryGetValue("theta", out TensorData? theta) ? theta.Span<float>()[0] : _theta;

    public EngineState ExportState() => new(Steps, ExportParameters(), new Dictionary<string, TensorData>());

    public void ImportState(EngineState state) => ImportParameters(state.Parameters);

    public void Dispose() => IsDisposed = true;
}
