using Microsoft.ML.OnnxRuntime;
using OnnxFineTune.Surgery.Serialization;
using OnnxFineTune.Surgery.Serialization.Proto;

namespace OnnxFineTune.Surgery.Tests.Serialization;

/// <summary>The first data set of a conformance model: its inputs as runtime values.</summary>
internal static class ConformanceCase
{
    /// <summary>The inputs in <c>test_data_set_0</c>, by the names of the model's inputs.</summary>
    public static Dictionary<string, OrtValue> ReadFeeds(string modelPath)
    {
        GraphProto graph = ModelProto.Parser.ParseFrom(File.ReadAllBytes(modelPath)).Graph;
        HashSet<string> initializers = [.. graph.Initializer.Select(i => i.Name)];
        ValueInfoProto[] inputs = [.. graph.Input.Where(i => !initializers.Contains(i.Name))];
        Dictionary<string, OrtValue> feeds = [];
        for (int i = 0; i < inputs.Length; i++)
        {
            string path = Path.Combine(Path.GetDirectoryName(modelPath)!, "test_data_set_0", $"input_{i}.pb");
            if (File.Exists(path))
                feeds[inputs[i].Name] = Read(File.ReadAllBytes(path), inputs[i].Type);
        }
        return feeds;
    }

    /// <summary>Everything an output holds, bit for bit, as text.</summary>
    public static string Describe(OrtValue value) => value.OnnxType switch
    {
        OnnxValueType.ONNX_TYPE_TENSOR when value.GetTensorTypeAndShape().ElementDataType == Microsoft.ML.OnnxRuntime.Tensors.TensorElementType.String =>
            $"{value.ToTensorData()} {string.Join('|', value.ToTensorData().ToStrings())}",
        OnnxValueType.ONNX_TYPE_TENSOR => $"{value.ToTensorData()} {Convert.ToHexString(value.ToTensorData().Bytes.Span)}",
        OnnxValueType.ONNX_TYPE_SEQUENCE or OnnxValueType.ONNX_TYPE_MAP =>
            $"{value.OnnxType}({string.Join("; ", Enumerable.Range(0, value.GetValueCount()).Select(i => Element(value, i)))})",
        _ => value.OnnxType.ToString(),
    };

    private static string Element(OrtValue value, int index)
    {
        using OrtValue element = value.GetValue(index, OrtAllocator.DefaultInstance);
        return Describe(element);
    }

    private static OrtValue Read(ReadOnlySpan<byte> file, TypeProto type) => type.ValueCase switch
    {
        TypeProto.ValueOneofCase.SequenceType => ReadSequence(file, type.SequenceType.ElemType),
        TypeProto.ValueOneofCase.OptionalType => ReadOptional(file, type.OptionalType.ElemType),
        _ => ReadTensor(file, (ElementType)(type.TensorType?.ElemType ?? 0)).ToOrtValue(),
    };

    /// <summary>Some bfloat16 inputs are stored as uint16: the model's type counts.</summary>
    private static TensorData ReadTensor(ReadOnlySpan<byte> file, ElementType type)
    {
        TensorData data = new TensorReader().Read(TensorProto.Parser.ParseFrom(file));
        return type == ElementType.BFloat16 ? TensorData.FromBytes(type, data.Shape, data.Bytes) : data;
    }

    /// <summary><c>SequenceProto</c>: tensors in field 3, sequences in field 5.</summary>
    private static OrtValue ReadSequence(ReadOnlySpan<byte> file, TypeProto element)
    {
        List<OrtValue> values = [];
        WireReader reader = new(file);
        while (reader.Next())
            if (reader.Field is 3 or 5)
                values.Add(Read(reader.Content, element));
        return OrtValue.CreateSequence(values);
    }

    /// <summary><c>OptionalProto</c>: a tensor in field 3, a sequence in field 5.</summary>
    private static OrtValue ReadOptional(ReadOnlySpan<byte> file, TypeProto element)
    {
        WireReader reader = new(file);
        while (reader.Next())
            if (reader.Field is 3 or 5)
                return Read(reader.Content, element);
        throw new NotSupportedException("an optional input without a value");
    }
}
