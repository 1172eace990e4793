using Google.Protobuf.Collections;
using OnnxFineTune.Surgery.Serialization.Proto;

namespace OnnxFineTune.Surgery;

/// <summary>
/// Switches a model that was exported in training mode to inference: BatchNormalization normalizes with the statistics that it is given, Dropout passes its input on. Other models stay as they are.
/// </summary>
/// <remarks>
/// Training mode is <c>training_mode</c> = 1 since operator set 14 (of Dropout 12), more than one output (of BatchNormalization) or <c>is_test</c> = 0 before. A running statistic that the graph gives
/// as an output, or reads, is the given one then. A Dropout whose mode the caller feeds stays as it is. Local functions are inlined where one holds such a node.
/// </remarks>
public static class InferenceMode
{
    private const int Mean = 3;
    private const int Variance = 4;
    private const int DropoutMode = 2;
    private const long FirstWithoutIsTest = 7;

    /// <summary>Switches in place, in subgraphs too.</summary>
    public static void Run(Model model)
    {
        if (ModelProto.Parser.ParseFrom(model.Unmodelled.Span).Functions.Any(f => HoldsTraining(f.Node)))
            InlineFunctions.Run(model);
        foreach (Node node in DowngradeOpset.Graphs(model.Graph).SelectMany(g => g.Nodes).Where(n => n.Domain == Model.StandardDomain && n.OpType is "BatchNormalization" or "Dropout").ToArray())
        {
            if (model.Opset < FirstWithoutIsTest)
                node.Attributes.Set("is_test", 1);
            if (node.OpType == "BatchNormalization")
                SwitchNormalization(node);
            else if (node.Input(DropoutMode) is { IsInitializer: true } or { Producer.OpType: "Constant" })
                node.SetInput(DropoutMode, null);
        }
    }

    /// <summary>Whoever reads running or saved statistics gets the given ones.</summary>
    private static void SwitchNormalization(Node node)
    {
        node.Attributes.Remove("training_mode");
        GraphBuilder op = new(node.Graph);
        for (int i = node.Outputs.Count - 1; i > 0; i--)
        {
            if (node.Outputs[i] is { } statistic && (statistic.Uses.Count > 0 || statistic.IsOutput))
                node.RewriteOutput(i, op, _ => op.Identity(node.Inputs[i % 2 == 1 ? Mean : Variance]!));
            node.RemoveOutput(i);
        }
    }

    private static bool HoldsTraining(RepeatedField<NodeProto> nodes) => nodes.Any(n =>
        n is { OpType: "BatchNormalization", Domain: Model.StandardDomain } && (n.Output.Count > 1 || n.Attribute.Any(a => a.Name == "training_mode"))
        || n is { OpType: "Dropout", Domain: Model.StandardDomain } && n.Input.Count > DropoutMode);
}
