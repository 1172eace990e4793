using OnnxFineTune.Surgery;

namespace OnnxFineTune.OrtTraining.Tests;

/// <summary>One run of any model on the real training build, whose kernels it may use.</summary>
internal static class WasmModelRun
{
    /// <summary>Runs the model.</summary>
    /// <param name="model">All its outputs are float or int64 tensors.</param>
    /// <param name="feeds">By name of the input.</param>
    /// <returns>Outputs by name.</returns>
    /// <exception cref="WasmRuntimeException">The runtime refuses the model, or fails in it.</exception>
    public static IReadOnlyDictionary<string, TensorData> Of(Model model, IReadOnlyDictionary<string, TensorData> feeds)
    {
        using TemporaryFolder folder = new();
        string path = Path.Combine(folder.Path, "model.onnx");
        model.Save(path);
        byte[] file = File.ReadAllBytes(path);
        TensorData bytes = TensorData.FromBytes(ElementType.UInt8, Shape.Of(file.Length), file);
        WasmRuntime runtime = RuntimePool.Take();
        try
        {
            return model.Graph.Outputs.Zip(runtime.Call("run", [bytes, .. model.Graph.FeedInputs.Select(i => feeds[i.Name])]).Tensors).ToDictionary(o => o.First.Name, o => o.Second);
        }
        finally
        {
            RuntimePool.Return(runtime);
        }
    }
}
