using Google.Protobuf;
using OnnxFineTune.Surgery.Serialization.Proto;
using AttributeType = OnnxFineTune.Surgery.Serialization.Proto.AttributeProto.Types.AttributeType;

namespace OnnxFineTune.Surgery.Tests;

/// <summary>Models with local functions of the domain <c>own</c>, written as their files are: x [2, 3] → y.</summary>
internal static class FunctionModel
{
    public const string Domain = "own";

    public static NodeProto Node(string opType, string inputs, string outputs, params AttributeProto[] attributes) => new()
    {
        OpType = opType,
        Domain = char.IsLower(opType[0]) ? Domain : "",
        Name = outputs.Split(' ')[0] + "_node",
        Input = { Names(inputs) },
        Output = { Names(outputs) },
        Attribute = { attributes },
    };

    /// <summary>Names apart by blanks; a dot is one that is left out.</summary>
    private static IEnumerable<string> Names(string names) => names.Split(' ', StringSplitOptions.RemoveEmptyEntries).Select(n => n == "." ? "" : n);

    public static AttributeProto Attribute(string name, float value) => new() { Name = name, F = value, Type = AttributeType.Float };

    public static AttributeProto Attribute(string name, params long[] values) => new() { Name = name, Ints = { values }, Type = AttributeType.Ints };

    public static AttributeProto Attribute(string name, int value) => new() { Name = name, I = value, Type = AttributeType.Int };

    public static AttributeProto Constant(params float[] values) =>
        new() { Name = "value", Type = AttributeType.Tensor, T = new TensorProto { DataType = 1, Dims = { values.Length }, FloatData = { values } } };

    /// <summary>An attribute with the value of the caller's attribute <paramref name="reference"/>.</summary>
    public static AttributeProto Reference(string name, string reference, AttributeType type) => new() { Name = name, RefAttrName = reference, Type = type };

    public static AttributeProto Branch(string name, params NodeProto[] nodes) => new()
    {
        Name = name, Type = AttributeType.Graph,
        G = new GraphProto { Name = name, Node = { nodes }, Output = { new ValueInfoProto { Name = nodes[^1].Output[0] } } },
    };

    public static FunctionProto Function(string name, string inputs, string outputs, int opset, params NodeProto[] nodes) => new()
    {
        Name = name, Domain = Domain, Input = { Names(inputs) }, Output = { Names(outputs) }, Node = { nodes },
        OpsetImport = { new OperatorSetIdProto { Domain = "", Version = opset }, new OperatorSetIdProto { Domain = Domain, Version = 1 } },
    };

    public static Model Of(int opset, NodeProto[] nodes, params FunctionProto[] functions)
    {
        Model shell = new(new Graph("main")) { Opset = opset, IrVersion = 10, OpsetImports = { [Domain] = 1 } };
        shell.Graph.AddInput("x", ElementType.Float, Shape.Of(2, 3));
        shell.Graph.AddInput("condition", ElementType.Bool, Shape.Scalar);
        ModelProto proto = ModelProto.Parser.ParseFrom(shell.ToBytes());
        proto.Graph.Node.AddRange(nodes);
        proto.Graph.Output.Add(new ValueInfoProto { Name = "y", Type = new TypeProto { TensorType = new TypeProto.Types.Tensor { ElemType = 1 } } });
        proto.Functions.AddRange(functions);
        return Model.Parse(proto.ToByteArray());
    }
}
