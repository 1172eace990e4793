using OnnxFineTune.Training;

namespace OnnxFineTune.OrtTraining.Tests;

/// <summary>The engine over ONNX Runtime's training API, on the real runtime, as a trainer's choice.</summary>
internal sealed class WasmTraining : TrainingEngine
{
    /// <inheritdoc/>
    public override string Name => "ort-training-wasm";

    /// <inheritdoc/>
    public override string Description => "ONNX Runtime's training API in WebAssembly.";

    /// <inheritdoc/>
    public override ITrainingEngine Create(TrainingGraph graph, TrainerOptions options) => new OrtTrainingEngine(graph, new OrtTrainingEngineOptions { Optimizer = options.Optimizer! }, WasmTrainingSession.Open);
}
