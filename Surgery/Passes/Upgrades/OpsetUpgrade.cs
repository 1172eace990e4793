namespace OnnxFineTune.Surgery;

/// <summary>
/// Rewrites a node from the form before a version to the form of the working operator set. It may change the node in place, or add nodes before
/// it with <paramref name="b"/>; what it adds is already in the form of the working operator set.
/// </summary>
internal delegate void OpsetUpgrade(Node node, GraphBuilder b);

/// <summary>Moves that many upgrades are made of.</summary>
internal static class OpsetUpgradeMoves
{
    /// <summary>An int64 attribute, one number or several, becomes an input; nothing where it is absent.</summary>
    public static void MoveToInput(this Node node, string attribute, int input, GraphBuilder b)
    {
        if (node.Attributes[attribute] is not { } found)
            return;
        node.SetInput(input, found.Content is long single ? b.Longs(single) : b.Longs((long[])found.Content!));
        node.Attributes.Remove(attribute);
    }

    /// <summary>Makes everyone who read output <paramref name="index"/> read what <paramref name="rewrite"/> computes from it.</summary>
    public static void RewriteOutput(this Node node, int index, GraphBuilder b, Func<Value, Value> rewrite)
    {
        Value output = node.Outputs[index]!;
        Use[] uses = [.. output.Uses];
        bool isOutput = output.IsOutput;
        string name = output.Name;
        b.Before = node.Graph.Nodes.ElementAtOrDefault(Position(node) + 1);
        Value result = rewrite(output);
        foreach (Use use in uses)
            use.Node.SetInput(use.Index, result);
        if (isOutput)
        {
            node.Graph.SetOutputs([.. node.Graph.Outputs.Select(o => o == output ? result : o)]);
            node.Graph.Rename(output, node.Graph.UniqueName(name + "_raw"));
            node.Graph.Rename(result, name);
        }
        b.Before = node;
    }

    /// <summary>The content of an initializer or of a <c>Constant</c> node, also behind an <c>Identity</c>, else null.</summary>
    public static TensorData? ConstantContent(this Value value) => value.Data ?? value.Producer switch
    {
        { OpType: "Constant" } constant => ConstantValue.Of(constant),
        { OpType: "Identity" } identity => identity.Inputs[0]!.ConstantContent(),
        _ => null,
    };

    /// <summary>The error for a node that has no equivalent.</summary>
    public static GraphException CannotUpgrade(this Node node, string reason) =>
        new($"{node} cannot be brought to operator set {GraphBuilder.WorkingOpset}: {reason} Export the model again with operator set 13 or later.");

    private static int Position(Node node)
    {
        for (int i = 0; i < node.Graph.Nodes.Count; i++)
            if (node.Graph.Nodes[i] == node)
                return i;
        throw new GraphException($"{node} is not in its graph.");
    }
}
