namespace OnnxFineTune.Surgery;

/// <summary>
/// Stores quantized weights as the float32 numbers that they stand for, so that they can be trained: the weight takes the place of its DequantizeLinear. Operators that
/// compute with quantized operands and read such a weight are written out for that (QLinearConv → DequantizeLinear, Conv, QuantizeLinear).
/// </summary>
/// <remarks>
/// Quantized activations stay as they are, and so do all other weights. What comes out computes the same as before, but for the rounding of the operators that were written
/// out. Weights are read when they are used.
/// </remarks>
public static class DequantizeWeights
{
    /// <summary>Changes the model in place.</summary>
    /// <param name="model">The model, in working form where an operator with quantized operands must be written out.</param>
    /// <param name="names">Names of initializers; those that are no quantized weights stay as they are.</param>
    public static void Run(Model model, IEnumerable<string> names)
    {
        Value[] weights = [.. names.Select(model.Graph.Find).OfType<Value>().Where(QuantizedWeight.Is)];
        WriteOut.Run(model.Graph, [.. weights.SelectMany(w => w.Uses).Select(u => u.Node).Where(n => !QuantizedWeight.IsDequantize(n)).Distinct()]);
        foreach (Value weight in weights)
            Replace(weight);
    }

    private static void Replace(Value weight)
    {
        Graph graph = weight.Graph;
        Node[] nodes = [.. weight.Uses.Select(u => u.Node)];
        TensorData real = new(ElementType.Float, weight.Data!.Shape, new DequantizedStorage(nodes[0]));
        foreach (Node node in nodes)
            node.Outputs[0]!.ReplaceUsesWith(weight);
        graph.RemoveNodes(nodes);
        graph.SetInitializer(weight, real);
    }
}
