namespace OnnxFineTune.Surgery;

/// <summary>
/// Switches a model that was exported in training mode to inference: BatchNormalization normalizes with the statistics that it is given, Dropout passes its input on. Other models stay as they are.
/// </summary>
/// <remarks>
/// Training mode is <c>training_mode</c> = 1 since operator set 14, more than one output (of BatchNormalization) or <c>is_test</c> = 0 before. A running statistic that the graph gives as an
/// output, or reads, is the given one then. A Dropout whose mode is fed by the caller stays as it is.
/// </remarks>
public static class InferenceMode
{
    private const int Mean = 3;
    private const int Variance = 4;
    private const long FirstWithoutIsTest = 7;

    /// <summary>Switches in place, in subgraphs too.</summary>
    public static void Run(Model model)
    {
        foreach (Node node in DowngradeOpset.Graphs(model.Graph).SelectMany(g => g.Nodes).Where(n => n.Domain == Model.StandardDomain && n.OpType is "BatchNormalization" or "Dropout").ToArray())
        {
            if (model.Opset < FirstWithoutIsTest)
                node.Attributes.Set("is_test", 1);
            else if (node.OpType == "Dropout")
                SwitchDropout(node);
            node.Attributes.Remove("training_mode");
            if (node.OpType == "BatchNormalization")
                GiveNoStatistics(node);
        }
    }

    private static void SwitchDropout(Node node)
    {
        if (node.Input(2) is { IsInitializer: true } or { Producer.OpType: "Constant" })
            node.SetInput(2, null);
    }

    /// <summary>Whoever reads running or saved statistics gets the given ones.</summary>
    private static void GiveNoStatistics(Node node)
    {
        GraphBuilder op = new(node.Graph);
        for (int i = node.Outputs.Count - 1; i > 0; i--)
        {
            if (node.Outputs[i] is { } statistic && (statistic.Uses.Count > 0 || statistic.IsOutput))
                node.RewriteOutput(i, op, _ => op.Identity(node.Inputs[i % 2 == 1 ? Mean : Variance]!));
            node.RemoveOutput(i);
        }
    }
}
