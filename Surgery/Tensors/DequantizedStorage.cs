namespace OnnxFineTune.Surgery;

/// <summary>
/// The real numbers that a quantized constant stands for. ONNX Runtime computes them when they are asked for; they are kept only as long as memory allows, the integers stay
/// in their file.
/// </summary>
internal sealed class DequantizedStorage : TensorStorage
{
    private readonly Model _model;
    private readonly WeakReference<byte[]?> _real = new(null);

    /// <param name="dequantize">A DequantizeLinear of constants; it is copied.</param>
    public DequantizedStorage(Node dequantize)
    {
        Graph graph = new("dequantize");
        Node copy = graph.AddNode(dequantize.OpType, [.. dequantize.Inputs.Select(i => i is null ? null : graph.AddInitializer(i.Name, i.ConstantContent()!))], ["real"]);
        foreach (NodeAttribute attribute in dequantize.Attributes)
            copy.Attributes.Set(attribute);
        copy.Outputs[0]!.ElementType = ElementType.Float;
        graph.SetOutputs(copy.Outputs[0]!);
        _model = new Model(graph) { Opset = GraphBuilder.WorkingOpset };
    }

    public override ReadOnlyMemory<byte> GetBytes(TensorData tensor)
    {
        if (_real.TryGetTarget(out byte[]? bytes))
            return bytes;
        bytes = RuntimeSession.RunOnce(_model, new Dictionary<string, TensorData>())["real"].Bytes.ToArray();
        _real.SetTarget(bytes);
        return bytes;
    }
}
