using System.Reflection;
using Microsoft.ML.OnnxRuntime;
using OnnxFineTune.Surgery;

namespace OnnxFineTune.Training;

/// <summary>The seam over the managed classes of ONNX Runtime, which any package of it has; they run where its native library is a training build.</summary>
internal sealed class NativeTrainingSession : ITrainingSession
{
    private readonly SessionOptions _options;
    private readonly CheckpointState _state;          // trained in place, so it must outlive the session
    private readonly TrainingSession _session;

    /// <summary>Opens the artifacts of a folder.</summary>
    /// <param name="folder">Where they are.</param>
    /// <param name="threads">Threads of the runtime; 0 takes all cores.</param>
    /// <exception cref="TrainingException">The native library is no training build.</exception>
    /// <exception cref="GraphException">The runtime refuses the artifacts; the message carries its reason.</exception>
    public NativeTrainingSession(string folder, int threads)
    {
        OrtTrainingLibrary.Require();
        string File(string name) => Path.GetFullPath(name, Path.GetFullPath(folder));
        _options = EngineSession.Options(threads, small: false);
        try
        {
            _state = CheckpointState.LoadCheckpoint(File(TrainingArtifacts.CheckpointFile));
            _session = new TrainingSession(_options, _state, File(TrainingArtifacts.TrainingModelFile), File(TrainingArtifacts.EvaluationModelFile), File(TrainingArtifacts.OptimizerModelFile));
        }
        catch (OnnxRuntimeException e)
        {
            _state?.Dispose();
            _options.Dispose();
            throw new GraphException($"ONNX Runtime cannot open the training artifacts: {e.Message}", e);
        }
    }

    /// <inheritdoc/>
    public IReadOnlyList<string> InputNames(bool training) => _session.InputNames(training);

    /// <inheritdoc/>
    public IReadOnlyList<TensorData> TrainStep(IReadOnlyList<TensorData> inputs) => Run(_session.TrainStep, inputs);

    /// <inheritdoc/>
    public IReadOnlyList<TensorData> EvalStep(IReadOnlyList<TensorData> inputs) => Run(_session.EvalStep, inputs);

    /// <inheritdoc/>
    public void OptimizerStep() => _session.OptimizerStep();

    /// <inheritdoc/>
    public void LazyResetGrad() => _session.LazyResetGrad();

    /// <inheritdoc/>
    public void SetLearningRate(float rate) => _session.SetLearningRate(rate);

    /// <inheritdoc/>
    public void RegisterLinearSchedule(long warmupSteps, long totalSteps, float initialRate) => _session.RegisterLinearLRScheduler(warmupSteps, totalSteps, initialRate);

    /// <inheritdoc/>
    public void SchedulerStep() => _session.SchedulerStep();

    /// <inheritdoc/>
    public float[] ToBuffer(bool trainableOnly)
    {
        using OrtValue buffer = _session.ToBuffer(trainableOnly);
        return buffer.GetTensorDataAsSpan<float>().ToArray();
    }

    /// <inheritdoc/>
    public void FromBuffer(ReadOnlySpan<float> values, bool trainableOnly)
    {
        using OrtValue buffer = TensorData.FromFloats(values, values.Length).ToOrtValue();
        FromBufferOfThisRelease.Invoke(_session, buffer, trainableOnly);
    }

    /// <inheritdoc/>
    public void SaveCheckpoint(string path, bool withOptimizerState) => CheckpointState.SaveCheckpoint(_state, Path.GetFullPath(path), withOptimizerState);

    /// <inheritdoc/>
    public void ExportInferenceModel(string path, IReadOnlyList<string> outputs) => _session.ExportModelForInferencing(Path.GetFullPath(path), outputs);

    /// <inheritdoc/>
    public void Dispose()
    {
        _session.Dispose();
        _state.Dispose();
        _options.Dispose();
    }

    private static List<TensorData> Run(Func<IReadOnlyCollection<OrtValue>, IDisposableReadOnlyCollection<OrtValue>> step, IReadOnlyList<TensorData> inputs)
    {
        List<OrtValue> values = [];
        try
        {
            foreach (TensorData input in inputs)
                values.Add(input.ToOrtValue());
            using IDisposableReadOnlyCollection<OrtValue> outputs = step(values);
            return [.. outputs.Select(o => o.ToTensorData())];
        }
        finally
        {
            values.ForEach(v => v.Dispose());
        }
    }

    /// <summary>Releases differ in whether <c>FromBuffer</c> is told which parameters the buffer holds, or finds it by the length.</summary>
    private static class FromBufferOfThisRelease
    {
        private static readonly MethodInfo Method = typeof(TrainingSession).GetMethod("FromBuffer")!;

        public static void Invoke(TrainingSession session, OrtValue buffer, bool trainableOnly) =>
            Method.Invoke(session, BindingFlags.DoNotWrapExceptions, null, Method.GetParameters().Length == 2 ? [buffer, trainableOnly] : [buffer], null);
    }
}
