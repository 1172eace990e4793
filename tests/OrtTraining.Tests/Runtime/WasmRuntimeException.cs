namespace OnnxFineTune.OrtTraining.Tests;

/// <summary>ONNX Runtime refused something, in its own words.</summary>
internal sealed class WasmRuntimeException(string message) : Exception(message);
