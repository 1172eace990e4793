using System.Text;
using Google.FlatBuffers;
using OnnxFineTune.Surgery;
using Slots = OnnxFineTune.Training.CheckpointSlots;

namespace OnnxFineTune.Training;

/// <summary>Writes checkpoints. FlatBuffers are built from the leaves to the root, so that a table's strings and vectors come before it.</summary>
internal sealed class CheckpointWriter
{
    private const int PerTensor = 128;       // table, its share of the vector, lengths and padding: about 80 bytes

    private readonly FlatBufferBuilder _builder;

    private CheckpointWriter(int size) => _builder = new FlatBufferBuilder(size);

    /// <summary>The file's content.</summary>
    public static ArraySegment<byte> Write(Checkpoint checkpoint)
    {
        CheckpointWriter writer = new((int)CheckedSize(checkpoint));
        writer.Append(checkpoint);
        ByteBuffer buffer = writer._builder.DataBuffer;
        return buffer.ToArraySegment(buffer.Position, buffer.Length - buffer.Position);
    }

    /// <summary>An upper bound of the file's size, so that the buffer need not grow.</summary>
    /// <exception cref="TrainingException">It is over the format's limit.</exception>
    public static long CheckedSize(Checkpoint checkpoint)
    {
        IEnumerable<KeyValuePair<string, TensorData>> moments = checkpoint.OptimizerGroups
            .SelectMany(g => g.Moments.SelectMany(p => p.Value.Select(m => KeyValuePair.Create(p.Key + m.Key, m.Value))));
        PropertyBag bag = checkpoint.Properties;
        long size = 4096 + checkpoint.Parameters.Concat(moments).Sum(t => PerTensor + TextSize(t.Key) + 8L * t.Value.Shape.Rank + ElementsSize(t.Value))
            + bag.Ints.Keys.Concat(bag.Floats.Keys).Concat(bag.Strings.Keys).Concat(bag.Strings.Values).Sum(t => PerTensor + TextSize(t));
        return size <= Array.MaxLength ? size : throw new TrainingException(
            $"The weights take {size} bytes, and a checkpoint of ONNX Runtime's training API can hold {Array.MaxLength} (2 GB); " +
            "keep the frozen layers apart, in a model of their own, or train a smaller model.");
    }

    private static long ElementsSize(TensorData data) => data.ElementType == ElementType.String ? data.ToStrings().Sum(TextSize) : data.ByteLength;

    private static long TextSize(string text) => 16 + Encoding.UTF8.GetByteCount(text);

    private void Append(Checkpoint checkpoint)
    {
        int module = ModuleState(checkpoint);
        int? groups = checkpoint.OptimizerGroups.Count > 0 ? Vector([.. checkpoint.OptimizerGroups.Select(Group)]) : null;
        int? properties = checkpoint.Properties.Count > 0 ? Bag(checkpoint.Properties) : null;
        _builder.StartTable(Slots.Checkpoint.Count);
        _builder.AddInt(Slots.Checkpoint.Version, Slots.Version, 0);
        _builder.AddOffset(Slots.Checkpoint.ModuleState, module, 0);
        _builder.AddOffset(Slots.Checkpoint.OptimizerGroups, groups ?? 0, 0);
        _builder.AddOffset(Slots.Checkpoint.PropertyBag, properties ?? 0, 0);
        _builder.Finish(_builder.EndTable(), Slots.Identifier);
    }

    private int ModuleState(Checkpoint checkpoint)
    {
        int trainable = Vector([.. checkpoint.Trainable.Select(p => Tensor(p.Key, p.Value))]);
        int frozen = Vector([.. checkpoint.Frozen.Select(p => Tensor(p.Key, p.Value))]);
        _builder.StartTable(Slots.ModuleState.Count);
        _builder.AddOffset(Slots.ModuleState.Trainable, trainable, 0);
        _builder.AddOffset(Slots.ModuleState.Frozen, frozen, 0);
        _builder.AddBool(Slots.ModuleState.IsNominal, checkpoint.IsNominal, false);
        return _builder.EndTable();
    }

    private int Tensor(string name, TensorData data)
    {
        int nameOffset = Text(name), dims = Longs(data.Shape.ToArray());
        bool isText = data.ElementType == ElementType.String;
        int elements = isText ? Vector([.. data.ToStrings().Select(Text)]) : Bytes(data.Bytes.Span);
        _builder.StartTable(Slots.Tensor.Count);
        _builder.AddOffset(Slots.Tensor.Name, nameOffset, 0);
        _builder.AddOffset(Slots.Tensor.Dims, dims, 0);
        _builder.AddInt(Slots.Tensor.DataType, (int)data.ElementType, 0);
        _builder.AddOffset(isText ? Slots.Tensor.StringData : Slots.Tensor.RawData, elements, 0);
        return _builder.EndTable();
    }

    private int Group(OptimizerGroup group)
    {
        int states = Vector([.. group.Moments.Select(p => ParameterState(p.Key, p.Value))]), name = Text(group.Name);
        _builder.StartTable(Slots.OptimizerGroup.Count);
        _builder.AddOffset(Slots.OptimizerGroup.Name, name, 0);
        _builder.AddLong(Slots.OptimizerGroup.Step, group.Step, 0);
        _builder.AddFloat(Slots.OptimizerGroup.InitialLearningRate, group.InitialLearningRate, 0);
        _builder.AddOffset(Slots.OptimizerGroup.States, states, 0);
        return _builder.EndTable();
    }

    private int ParameterState(string parameter, IReadOnlyDictionary<string, TensorData> moments)
    {
        int tensors = Vector([.. moments.Select(m => Tensor(m.Key, m.Value))]), name = Text(parameter);
        _builder.StartTable(Slots.ParameterState.Count);
        _builder.AddOffset(Slots.ParameterState.Name, name, 0);
        _builder.AddOffset(Slots.ParameterState.Moments, tensors, 0);
        return _builder.EndTable();
    }

    private int Bag(PropertyBag bag)
    {
        int ints = Vector([.. bag.Ints.Select(p => Property(p.Key, () => _builder.AddLong(Slots.Property.Value, p.Value, 0)))]);
        int floats = Vector([.. bag.Floats.Select(p => Property(p.Key, () => _builder.AddFloat(Slots.Property.Value, p.Value, 0)))]);
        int strings = Vector([.. bag.Strings.Select(p =>
        {
            int text = Text(p.Value);
            return Property(p.Key, () => _builder.AddOffset(Slots.Property.Value, text, 0));
        })]);
        _builder.StartTable(Slots.PropertyBag.Count);
        _builder.AddOffset(Slots.PropertyBag.Ints, ints, 0);
        _builder.AddOffset(Slots.PropertyBag.Floats, floats, 0);
        _builder.AddOffset(Slots.PropertyBag.Strings, strings, 0);
        return _builder.EndTable();
    }

    private int Property(string name, Action addValue)
    {
        int nameOffset = Text(name);
        _builder.StartTable(Slots.Property.Count);
        _builder.AddOffset(Slots.Property.Name, nameOffset, 0);
        addValue();
        return _builder.EndTable();
    }

    private int Text(string text) => _builder.CreateString(text).Value;

    private int Vector(int[] offsets)
    {
        _builder.StartVector(sizeof(int), offsets.Length, sizeof(int));
        for (int i = offsets.Length - 1; i >= 0; i--)
            _builder.AddOffset(offsets[i]);
        return _builder.EndVector().Value;
    }

    private int Longs(long[] values)
    {
        _builder.StartVector(sizeof(long), values.Length, sizeof(long));
        for (int i = values.Length - 1; i >= 0; i--)
            _builder.AddLong(values[i]);
        return _builder.EndVector().Value;
    }

    private unsafe int Bytes(ReadOnlySpan<byte> bytes)
    {
        _builder.StartVector(1, bytes.Length, sizeof(int));
        if (bytes.Length > 0)
            fixed (byte* start = bytes)
                _builder.Put<byte>((IntPtr)start, bytes.Length);
        return _builder.EndVector().Value;
    }
}
