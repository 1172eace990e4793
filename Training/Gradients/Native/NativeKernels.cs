using OnnxFineTune.Surgery;

namespace OnnxFineTune.Training;

/// <summary>Nodes for kernels of ONNX Runtime's training build, which no operator set of the standard has.</summary>
internal static class NativeKernels
{
    /// <summary>Appends a kernel with one output, of the type of the first input.</summary>
    public static Value Native(this GraphBuilder op, string kernel, IReadOnlyList<Value?> inputs, params IReadOnlyList<(string Name, object? Value)> attributes) =>
        op.NativeNode(kernel, inputs, 1, attributes).Outputs[0]!;

    /// <summary>Appends a kernel.</summary>
    public static Node NativeNode(this GraphBuilder op, string kernel, IReadOnlyList<Value?> inputs, int outputs, params IReadOnlyList<(string Name, object? Value)> attributes)
    {
        Node node = op.Node(kernel, inputs, outputs, attributes);
        node.Domain = ArtifactNames.RuntimeDomain;
        return node;
    }

    /// <summary>Lets the model import the domain of the kernels, where a node is of it.</summary>
    public static void Import(Model model)
    {
        if (model.Graph.Nodes.Any(n => n.Domain == ArtifactNames.RuntimeDomain))
            model.OpsetImports.TryAdd(ArtifactNames.RuntimeDomain, 1);
    }

    /// <summary>Makes the forward node compute all of the given outputs, its first ones.</summary>
    /// <returns>Whether it does now; not where it leaves one of them out and has another behind it.</returns>
    public static bool AddMissingOutputs(Node forward, params ReadOnlySpan<(string Name, ElementType Type, Shape? Shape)> outputs)
    {
        for (int i = 0; i < outputs.Length; i++)
        {
            if (i < forward.Outputs.Count && forward.Outputs[i] is null)
                return false;
            if (i < forward.Outputs.Count)
                continue;
            Value added = forward.AddOutput($"{forward.Outputs[0]!.Name}_{outputs[i].Name}");
            (added.ElementType, added.Shape) = (outputs[i].Type, outputs[i].Shape);
        }
        return true;
    }
}
