using OnnxFineTune.Surgery;

namespace OnnxFineTune.Training.Tests;

/// <summary>Writes down what a session is asked for, in order; the answers are those of another.</summary>
internal sealed class RecordingTrainingSession(ITrainingSession session, List<string> calls) : ITrainingSession
{
    /// <summary>Called before each training step is passed on.</summary>
    public Action BeforeTraining { get; init; } = () => { };

    public IReadOnlyList<string> InputNames(bool training) => session.InputNames(training);

    public IReadOnlyList<TensorData> TrainStep(IReadOnlyList<TensorData> inputs)
    {
        calls.Add($"train {Feeds(training: true, inputs)}");
        BeforeTraining();
        return session.TrainStep(inputs);
    }

    public IReadOnlyList<TensorData> EvalStep(IReadOnlyList<TensorData> inputs)
    {
        calls.Add($"evaluate {Feeds(training: false, inputs)}");
        return session.EvalStep(inputs);
    }

    public void OptimizerStep() => Pass("update", session.OptimizerStep);

    public void LazyResetGrad() => Pass("reset", session.LazyResetGrad);

    public void SetLearningRate(float rate) => Pass($"rate {rate:0.###}", () => session.SetLearningRate(rate));

    public void RegisterLinearSchedule(long warmupSteps, long totalSteps, float initialRate) =>
        Pass($"register {warmupSteps} {totalSteps} {initialRate}", () => session.RegisterLinearSchedule(warmupSteps, totalSteps, initialRate));

    public void SchedulerStep() => Pass("schedule", session.SchedulerStep);

    public float[] ToBuffer(bool trainableOnly)
    {
        calls.Add("to buffer");
        return session.ToBuffer(trainableOnly);
    }

    public void FromBuffer(ReadOnlySpan<float> values, bool trainableOnly)
    {
        calls.Add("from buffer");
        session.FromBuffer(values, trainableOnly);
    }

    public void SaveCheckpoint(string path, bool withOptimizerState) => Pass("save", () => session.SaveCheckpoint(path, withOptimizerState));

    public void ExportInferenceModel(string path, IReadOnlyList<string> outputs) => Pass("export", () => session.ExportInferenceModel(path, outputs));

    public void Dispose() => Pass("dispose", session.Dispose);

    private string Feeds(bool training, IReadOnlyList<TensorData> inputs) => string.Join(", ", InputNames(training).Zip(inputs, (name, data) => data.Count > 1 ? $"{name} {data}"
        : $"{name} {(data.ElementType == ElementType.Float ? data.ToFloats()[0] : data.ToLongs()[0])}"));

    private void Pass(string call, Action action)
    {
        calls.Add(call);
        action();
    }
}
