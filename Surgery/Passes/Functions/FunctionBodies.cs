using Google.Protobuf;
using OnnxFineTune.Surgery.Serialization;
using OnnxFineTune.Surgery.Serialization.Proto;

namespace OnnxFineTune.Surgery;

/// <summary>The bodies of model-local functions, which a model keeps in wire format, as graphs that passes can change.</summary>
internal static class FunctionBodies
{
    /// <summary>Lets <paramref name="pass"/> change each function, given as a model with the function's own operator sets; its inputs and outputs have no type.</summary>
    public static void Change(Model model, Action<Model> pass)
    {
        ModelProto proto = ModelProto.Parser.ParseFrom(model.Unmodelled.Span);
        if (proto.Functions.Count == 0)
            return;
        foreach (FunctionProto function in proto.Functions)
        {
            Model body = new ProtoReader(new TensorReader()).Read(AsModel(function));
            pass(body);
            TakeBack(function, ModelProto.Parser.ParseFrom(SerializedModel.Of(body).ToArray()));
        }
        model.Unmodelled = proto.ToByteArray();
    }

    /// <summary>A function as the file of a model, which shares its messages.</summary>
    public static ModelProto AsModel(FunctionProto function) => new()
    {
        OpsetImport = { function.OpsetImport },
        Graph = new GraphProto
        {
            Name = function.Name,
            Node = { function.Node },
            Input = { function.Input.Select(i => new ValueInfoProto { Name = i }) },
            Output = { function.Output.Select(o => new ValueInfoProto { Name = o }) },
            ValueInfo = { function.ValueInfo },
        },
    };

    /// <summary>A function has no initializers: they are Constant nodes in front.</summary>
    private static void TakeBack(FunctionProto function, ModelProto body)
    {
        function.OpsetImport.Clear();
        function.OpsetImport.AddRange(body.OpsetImport);
        function.Node.Clear();
        function.Node.AddRange(body.Graph.Initializer.Select(Constant));
        function.Node.AddRange(body.Graph.Node);
    }

    private static NodeProto Constant(TensorProto tensor)
    {
        string name = tensor.Name;
        tensor.ClearName();
        return new NodeProto { OpType = "Constant", Output = { name }, Attribute = { new AttributeProto { Name = "value", Type = AttributeProto.Types.AttributeType.Tensor, T = tensor } } };
    }
}
