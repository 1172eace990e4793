using OnnxFineTune.Surgery;
using OnnxFineTune.Surgery.Serialization.Proto;

namespace OnnxFineTune.Training;

/// <summary>What every model must keep to for ONNX Runtime 1.19.2: the version of the file format, the operator sets and the operators.</summary>
internal static class RuntimeLimits
{
    private const long FirstIr = 1, FirstOpset = 7;

    /// <summary>What the runtime would refuse about a model.</summary>
    /// <param name="file">How findings call it.</param>
    /// <param name="model">The model.</param>
    public static IEnumerable<string> Check(string file, Model model)
    {
        Node[] nodes = [.. Nodes(model.Graph)];
        // Where the file does not say, the runtime takes its own version.
        long opset = model.OpsetImports.ContainsKey(Model.StandardDomain) ? model.Opset : GraphBuilder.WorkingOpset;
        if (model.IrVersion is < FirstIr or > TrainingArtifacts.IrVersion)
            yield return $"{file} is of IR version {model.IrVersion}, and the runtime takes {FirstIr} to {TrainingArtifacts.IrVersion}; write the artifacts again with this tool.";
        if (opset > GraphBuilder.WorkingOpset || (opset < FirstOpset && nodes.Any(n => n.Domain == Model.StandardDomain)))
            yield return $"{file} is of operator set {opset}, and the runtime takes {FirstOpset} to {GraphBuilder.WorkingOpset}; write the artifacts again with this tool, which brings a model there.";
        if (model.OpsetImports.TryGetValue(ArtifactNames.RuntimeDomain, out long own) && own != 1)
            yield return $"{file} is of version {own} of the operators of {ArtifactNames.RuntimeDomain}, and there is only version 1; import that.";
        HashSet<string> functions = [.. ModelProto.Parser.ParseFrom(model.Unmodelled.Span).Functions.Select(f => f.Domain)];
        foreach (IGrouping<(string, string), Node> unknown in nodes.Where(n => !functions.Contains(n.Domain)).GroupBy(n => (n.Domain, n.OpType)))
            if (!RuntimeOperators.Knows(unknown.First().Domain, unknown.First().OpType, opset))
                yield return $"{file} has {unknown.First()}, an operator that the runtime does not have{Since(unknown.First(), opset)}; write the model without it.";
    }

    private static string Since(Node node, long opset) =>
        node.Domain == Model.StandardDomain && opset <= GraphBuilder.WorkingOpset && RuntimeOperators.Knows(node.Domain, node.OpType, GraphBuilder.WorkingOpset) ? $" in operator set {opset}" : "";

    private static IEnumerable<Node> Nodes(Graph graph) =>
        graph.Nodes.SelectMany(n => n.Attributes.SelectMany(a => a.Content switch { Graph g => Nodes(g), Graph[] gs => gs.SelectMany(Nodes), _ => [] }).Prepend(n));
}
