using Google.Protobuf;
using OnnxFineTune.Surgery.Serialization.Proto;

namespace OnnxFineTune.Surgery;

/// <summary>
/// Puts the body of each model-local function in the place of its calls, those in subgraphs and in other functions too, so that passes, edits and gradient rules see the
/// operators that it is made of. The functions go.
/// </summary>
/// <remarks>
/// Model and bodies are brought to the latest standard operator set that one of them has (those of 21 and later read alike). Attributes that a body takes over from its caller
/// get the caller's value, or the function's default. Names of a body's values and nodes begin with the name of the call.
/// </remarks>
public static class InlineFunctions
{
    /// <summary>Inlines in place.</summary>
    /// <exception cref="GraphException">A function calls itself, or its body cannot be brought to the model's operator set.</exception>
    public static void Run(Model model)
    {
        ModelProto proto = ModelProto.Parser.ParseFrom(model.Unmodelled.Span);
        if (proto.Functions.Count == 0)
            return;
        LocalFunctions functions = new(proto.Functions);
        RaiseOpset(model, functions);
        CallInliner inliner = new(model);
        Node[] calls = Calls();
        for (int depth = 0; calls.Length > 0; depth++, calls = Calls())
        {
            if (depth == proto.Functions.Count)
                throw new GraphException($"The function that {calls[0]} calls calls itself, which ONNX does not allow; export the model again.");
            foreach (Node call in calls)
                inliner.Inline(call, functions.Find(call)!);
            foreach (Graph graph in calls.Select(c => c.Graph).Distinct())
                graph.Sort();
        }
        proto.Functions.Clear();
        model.Unmodelled = proto.ToByteArray();
        HashSet<string> used = [Model.StandardDomain, .. DowngradeOpset.Graphs(model.Graph).SelectMany(g => g.Nodes).Select(n => n.Domain)];
        foreach (string domain in functions.Domains.Where(d => !used.Contains(d)))
            model.OpsetImports.Remove(domain);

        Node[] Calls() => [.. DowngradeOpset.Graphs(model.Graph).SelectMany(g => g.Nodes).Where(n => functions.Find(n) is not null)];
    }

    private static void RaiseOpset(Model model, LocalFunctions functions)
    {
        long latest = functions.Opsets.Append(model.Opset).Max();
        if (model.Opset < Math.Min(latest, GraphBuilder.WorkingOpset))
            UpgradeOpset.Run(model, (int)Math.Min(latest, GraphBuilder.WorkingOpset));
        model.Opset = Math.Max(model.Opset, latest);
    }
}
