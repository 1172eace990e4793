using System.Text;
using Google.Protobuf;
using OnnxFineTune.Surgery.Serialization.Proto;
using Type = OnnxFineTune.Surgery.Serialization.Proto.TypeProto;

namespace OnnxFineTune.Surgery.Tests.Serialization;

/// <summary>A model that uses every field of the format at least once, with the oddities that real files have.</summary>
internal static class FullModel
{
    public static readonly byte[] LargeBytes = [.. Enumerable.Range(0, 4096).Select(i => (byte)(i * 7))];

    public static ModelProto Create()
    {
        ModelProto model = new()
        {
            ProducerName = "",                       // present but empty; ir_version is absent
            ProducerVersion = "1",
            Domain = "com.example",
            ModelVersion = 3,
            DocString = "model",
            Graph = CreateGraph(),
            OpsetImport = { Opset("ai.onnx", 17), Opset("", 17), Opset("com.example", 1) },
            MetadataProps = { Entry("b", "1"), Entry("a", "2"), Entry("b", "3") },
            TrainingInfo = { new TrainingInfoProto { Initialization = new GraphProto { Name = "i", Initializer = { Raw("big") } }, Algorithm = new GraphProto(), UpdateBinding = { Entry("x", "y") } } },
            Configuration = { new DeviceConfigurationProto { Name = "two", NumDevices = 2, Device = { "a", "b" } } },
            Functions = { new FunctionProto { Name = "f", Domain = "com.example", Input = { "x" }, Output = { "y" }, Attribute = { "k" }, Overload = "o", Node = { FunctionNode() } } },
        };
        return WithUnknownField(model, ModelProto.Parser, 1000);
    }

    private static GraphProto CreateGraph() => WithUnknownField(new GraphProto
    {
        DocString = "graph",                         // name is absent
        Input = { Info("x", Tensor(1, Dim("N"), Dim(4))), Info("unused", new Type { SequenceType = new() { ElemType = Tensor(1) } }), Info("w32", Tensor(1, Dim(0x1000 / 4))) },
        Output = { Info("sum", Tensor(1, Dim("N"), new())), Info("x", Tensor(1)), Info("const", new Type { Denotation = "TENSOR" }) },
        ValueInfo = { Info("late", Tensor(1)), Info("nowhere", Tensor(7)), Info("sum", Tensor(1, Dim(1), Dim(4))), Info("late", Tensor(1, Dim(2))), Info("early", Tensor(1)) },
        Initializer = { Raw("w32"), Typed("floats", 1024), Raw("small", 8), Strings(), Packed4(), Segmented() },
        SparseInitializer = { new SparseTensorProto { Values = Raw("sparse"), Indices = new TensorProto { Name = "", DataType = 7, Dims = { 1 }, Int64Data = { 3 } }, Dims = { 9 } } },
        QuantizationAnnotation = { new TensorAnnotation { TensorName = "x", QuantParameterTensorNames = { Entry("SCALE_TENSOR", "s") } } },
        MetadataProps = { Entry("g", "1"), Entry("g", "1") },
        Node =
        {
            // Out of order: 'late' reads 'early'. Empty inputs and outputs at the end.
            new NodeProto { OpType = "Custom", Domain = "com.example", Overload = "o", Name = "", Input = { "early", "", "" }, Output = { "late", "" }, Attribute = { Attributes() } },
            new NodeProto { OpType = "Add", Domain = "ai.onnx", Input = { "x", "floats" }, Output = { "early" }, DocString = "sum", MetadataProps = { Entry("n", "1") },
                DeviceConfigurations = { new NodeDeviceConfigurationProto { ConfigurationId = "two", PipelineStage = 1, ShardingSpec = { new ShardingSpecProto { TensorName = "x", Device = { 0, 1 } } } } } },
            new NodeProto { OpType = "Constant", Domain = "", Output = { "const" }, Attribute = { new AttributeProto { Name = "value", Type = AttributeProto.Types.AttributeType.Tensor, T = Raw("") } } },
            new NodeProto { OpType = "If", Input = { "x" }, Output = { "sum" }, Attribute = { Branch("then_branch"), Branch("else_branch") } },
        },
    }, GraphProto.Parser, 1001);

    private static IEnumerable<AttributeProto> Attributes()
    {
        yield return new AttributeProto { Name = "untyped_f", F = 0 };
        yield return new AttributeProto { Name = "untyped_i", I = 4 };
        yield return new AttributeProto { Name = "untyped_s", S = ByteString.CopyFrom(0xff, 0x00) };
        yield return new AttributeProto { Name = "untyped_t", T = Raw("t") };
        yield return new AttributeProto { Name = "untyped_ints", Ints = { 1, 2 } };
        yield return new AttributeProto { Name = "untyped_nothing" };
        yield return Typed("i", AttributeProto.Types.AttributeType.Int);        // zero is left out by writers of proto3
        yield return Typed("empty_ints", AttributeProto.Types.AttributeType.Ints);
        yield return Typed("no_tensor", AttributeProto.Types.AttributeType.Tensor);
        yield return new AttributeProto { Name = "nan", Type = AttributeProto.Types.AttributeType.Float, F = float.NaN, DocString = "nan" };
        yield return new AttributeProto { Name = "ref", Type = AttributeProto.Types.AttributeType.Float, RefAttrName = "k" };
        yield return new AttributeProto { Name = "strings", Type = AttributeProto.Types.AttributeType.Strings, Strings = { ByteString.Empty, ByteString.CopyFromUtf8("é") } };
        yield return new AttributeProto { Name = "tensors", Type = AttributeProto.Types.AttributeType.Tensors, Tensors = { Raw("a"), Raw("b", 4) } };
        yield return new AttributeProto { Name = "odd", Type = AttributeProto.Types.AttributeType.Int, I = 1, T = Raw("left over"), Tensors = { Raw("left over too") } };
        yield return new AttributeProto { Name = "type", Type = AttributeProto.Types.AttributeType.TypeProto, Tp = Tensor(1) };
        yield return new AttributeProto { Name = "sparse", Type = AttributeProto.Types.AttributeType.SparseTensor, SparseTensor = new SparseTensorProto { Values = Raw("v") } };
        yield return new AttributeProto { Name = "graphs", Type = AttributeProto.Types.AttributeType.Graphs, Graphs = { new GraphProto { Name = "one", Initializer = { Raw("g1") } }, new GraphProto() } };
        yield return new AttributeProto { Name = "later", Type = (AttributeProto.Types.AttributeType)99, I = 1 };
    }

    /// <summary>A subgraph with an initializer, an output of its own and one of the graph around.</summary>
    private static AttributeProto Branch(string name) => new()
    {
        Name = name,
        Type = AttributeProto.Types.AttributeType.Graph,
        G = new GraphProto
        {
            Name = name,
            Initializer = { Raw("inner_" + name) },
            ValueInfo = { Info("x", Tensor(1, Dim(2))) },
            Output = { Info("inner_" + name, Tensor(1)), Info("early", Tensor(1, Dim("M"))) },
        },
    };

    private static NodeProto FunctionNode() => new()
    {
        OpType = "Custom", Input = { "x" }, Output = { "y" },
        Attribute = { new AttributeProto { Name = "alpha", RefAttrName = "k", Type = AttributeProto.Types.AttributeType.Float }, new AttributeProto { Name = "t", T = Raw("function") } },
    };

    private static AttributeProto Typed(string name, AttributeProto.Types.AttributeType type) => new() { Name = name, Type = type };

    private static TensorProto Raw(string name, int length = 4096) => new()
    {
        Name = name, DataType = 1, Dims = { length / 4 }, RawData = ByteString.CopyFrom(LargeBytes.AsSpan(0, length)), DocString = "raw", MetadataProps = { Entry("t", "1") },
    };

    private static TensorProto Typed(string name, int count) => new() { Name = name, DataType = 1, Dims = { count }, FloatData = { Enumerable.Range(0, count).Select(i => i / 3f) } };

    private static TensorProto Strings() => new() { Name = "strings", DataType = 8, Dims = { 2 }, StringData = { ByteString.CopyFromUtf8("a"), ByteString.CopyFrom(Encoding.Latin1.GetBytes("ÿ")) } };

    private static TensorProto Packed4() => new() { Name = "int4", DataType = 22, Dims = { 3 }, Int32Data = { 0x21, 0x03 } };

    private static TensorProto Segmented() => new() { Name = "segment", DataType = 1, Dims = { 8 }, Segment = new() { Begin = 0, End = 2 }, RawData = ByteString.CopyFrom(LargeBytes.AsSpan(0, 8)) };

    private static ValueInfoProto Info(string name, Type type) => new() { Name = name, Type = type, DocString = "info", MetadataProps = { Entry("v", name) } };

    private static Type Tensor(int elementType, params TensorShapeProto.Types.Dimension[] dimensions) => new()
    {
        TensorType = new() { ElemType = elementType, Shape = dimensions.Length == 0 ? null : new TensorShapeProto { Dim = { dimensions } } },
    };

    private static TensorShapeProto.Types.Dimension Dim(long size) => new() { DimValue = size, Denotation = "DATA_CHANNEL" };

    private static TensorShapeProto.Types.Dimension Dim(string symbol) => new() { DimParam = symbol, Denotation = "DATA_BATCH" };

    private static OperatorSetIdProto Opset(string domain, long version) => new() { Domain = domain, Version = version };

    private static StringStringEntryProto Entry(string key, string value) => new() { Key = key, Value = value };

    /// <summary>The message with a field that no version of the standard knows.</summary>
    private static T WithUnknownField<T>(T message, MessageParser<T> parser, int field) where T : IMessage<T>
    {
        using MemoryStream stream = new();
        message.WriteTo(stream);
        CodedOutputStream output = new(stream, leaveOpen: true);
        output.WriteTag(field, WireFormat.WireType.LengthDelimited);
        output.WriteString("unknown");
        output.Flush();
        return parser.ParseFrom(stream.ToArray());
    }
}
