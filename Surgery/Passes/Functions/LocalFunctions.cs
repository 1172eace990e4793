using OnnxFineTune.Surgery.Serialization;
using OnnxFineTune.Surgery.Serialization.Proto;

namespace OnnxFineTune.Surgery;

/// <summary>A model-local function: its body as a model with its own operator sets, inputs and outputs without type.</summary>
/// <param name="Body">The body; to be cloned.</param>
/// <param name="Defaults">Attributes that a caller may leave out.</param>
internal sealed record LocalFunction(Model Body, NodeAttributes Defaults)
{
    /// <summary>Version of the standard operator set; that of the working form where the body uses no standard operator.</summary>
    public long Opset => Body.OpsetImports.TryGetValue(Model.StandardDomain, out long version) ? version : GraphBuilder.WorkingOpset;
}

/// <summary>The functions of a model by domain, name and overload.</summary>
internal sealed class LocalFunctions
{
    private readonly Dictionary<(string Domain, string Name, string Overload), LocalFunction> _functions = [];
    private readonly HashSet<(string Domain, string Name)> _names;

    public LocalFunctions(IEnumerable<FunctionProto> protos)
    {
        foreach (FunctionProto proto in protos)
            _functions[(ProtoReader.Domain(proto.Domain), proto.Name, proto.Overload)] = Read(proto.Clone());
        _names = [.. _functions.Keys.Select(k => (k.Domain, k.Name))];
    }

    /// <summary>Their domains.</summary>
    public IEnumerable<string> Domains => _functions.Keys.Select(k => k.Domain).Distinct();

    /// <summary>The standard operator sets that bodies are written in.</summary>
    public IEnumerable<long> Opsets => _functions.Values.Where(f => f.Body.OpsetImports.ContainsKey(Model.StandardDomain)).Select(f => f.Opset);

    /// <summary>The function that a node calls, or null.</summary>
    public LocalFunction? Find(Node node) => !_names.Contains((node.Domain, node.OpType)) ? null
        : _functions.GetValueOrDefault((node.Domain, node.OpType, NodeProto.Parser.ParseFrom(node.Unmodelled.Span).Overload));

    private static LocalFunction Read(FunctionProto proto)
    {
        FunctionProto defaults = new() { Node = { new NodeProto { OpType = proto.Name, Attribute = { proto.AttributeProto } } } };
        return new LocalFunction(Read(FunctionBodies.AsModel(proto)), Read(FunctionBodies.AsModel(defaults)).Graph.Nodes[0].Attributes);
    }

    private static Model Read(ModelProto proto) => new ProtoReader(new TensorReader()).Read(proto);
}
