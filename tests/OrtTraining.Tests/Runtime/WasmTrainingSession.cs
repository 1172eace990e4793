using System.Runtime.InteropServices;
using OnnxFineTune.Surgery;
using OnnxFineTune.Training;

namespace OnnxFineTune.OrtTraining.Tests;

/// <summary>A training session of the real ONNX Runtime 1.19.2, in a runtime of the <see cref="RuntimePool"/>.</summary>
/// <remarks>The web's programming interface has neither a learning rate, which stays as it begins, nor checkpoints that are written, nor the export.</remarks>
internal sealed class WasmTrainingSession : ITrainingSession
{
    /// <summary>The rate with which every training session begins.</summary>
    public const float InitialRate = 0.001f;

    private readonly WasmRuntime _runtime;
    private readonly ReplyHeader _names;

    private WasmTrainingSession(WasmRuntime runtime, ReplyHeader names)
    {
        _runtime = runtime;
        _names = names;
    }

    /// <summary>Opens the four artifacts of a folder.</summary>
    /// <exception cref="WasmRuntimeException">The runtime refuses one of them.</exception>
    public static WasmTrainingSession Open(string folder)
    {
        string[] names = [TrainingArtifacts.TrainingModelFile, TrainingArtifacts.EvaluationModelFile, TrainingArtifacts.OptimizerModelFile, TrainingArtifacts.CheckpointFile];
        TensorData[] files = [.. names.Select(n => BytesOf(File.ReadAllBytes(Path.Combine(folder, n))))];
        WasmRuntime runtime = RuntimePool.Take();
        try
        {
            return new WasmTrainingSession(runtime, runtime.Call("open", files).Header);
        }
        catch
        {
            RuntimePool.Return(runtime);
            throw;
        }
    }

    /// <inheritdoc/>
    /// <remarks>There is no way to set it; asking for the rate that it is does no harm.</remarks>
    public void SetLearningRate(float rate)
    {
        if (rate != InitialRate)
            throw new NotSupportedException($"ONNX Runtime for the web cannot set the learning rate: it stays {InitialRate}, not {rate}.");
    }

    /// <inheritdoc/>
    public IReadOnlyList<string> InputNames(bool training) => training ? _names.TrainingInputs : _names.EvaluationInputs;

    /// <inheritdoc/>
    public IReadOnlyList<TensorData> TrainStep(IReadOnlyList<TensorData> inputs) => _runtime.Call("train", inputs).Tensors;

    /// <inheritdoc/>
    public IReadOnlyList<TensorData> EvalStep(IReadOnlyList<TensorData> inputs) => _runtime.Call("evaluate", inputs).Tensors;

    /// <inheritdoc/>
    public void OptimizerStep() => _runtime.Call("update", []);

    /// <inheritdoc/>
    public void LazyResetGrad() => _runtime.Call("reset", []);

    /// <inheritdoc/>
    public void RegisterLinearSchedule(long warmupSteps, long totalSteps, float initialRate) =>
        throw new NotSupportedException("ONNX Runtime for the web has no schedule of the learning rate.");

    /// <inheritdoc/>
    public void SchedulerStep() => throw new NotSupportedException("ONNX Runtime for the web has no schedule of the learning rate.");

    /// <inheritdoc/>
    public float[] ToBuffer(bool trainableOnly) => _runtime.Call("read", [], trainableOnly).Tensors[0].ToFloats();

    /// <inheritdoc/>
    public void FromBuffer(ReadOnlySpan<float> values, bool trainableOnly) => _runtime.Call("write", [BytesOf(MemoryMarshal.AsBytes(values).ToArray())], trainableOnly);

    /// <inheritdoc/>
    public void SaveCheckpoint(string path, bool withOptimizerState) => throw new NotSupportedException("ONNX Runtime for the web cannot write a checkpoint.");

    /// <inheritdoc/>
    public void ExportInferenceModel(string path, IReadOnlyList<string> outputs) => throw new NotSupportedException("ONNX Runtime for the web cannot write an inference model.");

    /// <inheritdoc/>
    public void Dispose()
    {
        if (!_runtime.IsSpent)
            _runtime.Call("close", []);
        RuntimePool.Return(_runtime);
    }

    private static TensorData BytesOf(byte[] bytes) => TensorData.FromBytes(ElementType.UInt8, Shape.Of(bytes.Length), bytes);
}
