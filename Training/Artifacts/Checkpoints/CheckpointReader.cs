using Google.FlatBuffers;
using OnnxFineTune.Surgery;
using Slots = OnnxFineTune.Training.CheckpointSlots;

namespace OnnxFineTune.Training;

/// <summary>Reads checkpoints, whatever tool wrote them. Parameters are slices of the bytes read.</summary>
internal sealed class CheckpointReader
{
    /// <summary>What the runtime adds to a checkpoint's path for the file of large weights.</summary>
    public const string ExternalDataSuffix = ".data";

    private readonly byte[] _bytes;
    private readonly string _what;
    private readonly string? _externalPath;
    private MappedFile? _external;

    private CheckpointReader(byte[] bytes, string what, string? externalPath) => (_bytes, _what, _externalPath) = (bytes, what, externalPath);

    /// <summary>Reads a checkpoint.</summary>
    /// <param name="bytes">The file's content.</param>
    /// <param name="what">How error messages call it.</param>
    /// <param name="externalPath">The file of weights beside it; null where there is no folder.</param>
    public static Checkpoint Read(byte[] bytes, string what, string? externalPath) => new CheckpointReader(bytes, what, externalPath).Read();

    private Checkpoint Read()
    {
        ByteBuffer buffer = new(_bytes);
        if (!FlatVerifier.HasIdentifier(_bytes, Slots.Identifier))
            throw new TrainingException(_bytes.Length == 0 ? $"{_what} is empty; write it again."
                : $"{_what} is no checkpoint of ONNX Runtime's training API: the letters {Slots.Identifier} are not at byte 4. Give the file that the artifacts were written with.");
        if (!FlatVerifier.IsSound(_bytes, CheckpointSchema.Checkpoint))
            throw new TrainingException($"{_what} is a damaged checkpoint or was cut off; write or fetch it again.");
        FlatTable root = FlatTable.Root(buffer);
        int version = root.Int(Slots.Checkpoint.Version);
        if (version != Slots.Version)
            throw new TrainingException($"{_what} is a checkpoint of version {version}, and only version {Slots.Version} is understood; write it again with ONNX Runtime 1.17 to 1.19 or with this tool.");
        FlatTable? module = root.Child(Slots.Checkpoint.ModuleState);
        bool nominal = module?.Bool(Slots.ModuleState.IsNominal) ?? false;
        return new Checkpoint
        {
            Trainable = Tensors(module, Slots.ModuleState.Trainable, nominal),
            Frozen = Tensors(module, Slots.ModuleState.Frozen, nominal),
            IsNominal = nominal,
            OptimizerGroups = [.. root.Children(Slots.Checkpoint.OptimizerGroups).Select(Group)],
            Properties = root.Child(Slots.Checkpoint.PropertyBag) is { } bag ? Bag(bag) : new PropertyBag(),
        };
    }

    private OptimizerGroup Group(FlatTable group) => new()
    {
        Name = group.Text(Slots.OptimizerGroup.Name),
        Step = group.Long(Slots.OptimizerGroup.Step),
        InitialLearningRate = group.Float(Slots.OptimizerGroup.InitialLearningRate),
        Moments = Named(group.Children(Slots.OptimizerGroup.States), s => s.Text(Slots.ParameterState.Name),
            IReadOnlyDictionary<string, TensorData> (s) => Tensors(s, Slots.ParameterState.Moments, false)),
    };

    private PropertyBag Bag(FlatTable bag) => new()
    {
        Ints = Named(bag.Children(Slots.PropertyBag.Ints), PropertyName, p => p.Long(Slots.Property.Value)),
        Floats = Named(bag.Children(Slots.PropertyBag.Floats), PropertyName, p => p.Float(Slots.Property.Value)),
        Strings = Named(bag.Children(Slots.PropertyBag.Strings), PropertyName, p => p.Text(Slots.Property.Value)),
    };

    private static string PropertyName(FlatTable property) => property.Text(Slots.Property.Name);

    private OrderedDictionary<string, TensorData> Tensors(FlatTable? parent, int slot, bool nominal) =>
        Named(parent?.Children(slot) ?? [], t => t.Text(Slots.Tensor.Name), t => Tensor(t, nominal));

    private OrderedDictionary<string, T> Named<T>(IEnumerable<FlatTable> tables, Func<FlatTable, string> name, Func<FlatTable, T> value)
    {
        OrderedDictionary<string, T> all = [];
        foreach (FlatTable table in tables)
            if (!all.TryAdd(name(table), value(table)))
                throw new TrainingException($"{_what} holds '{name(table)}' twice; write it again.");
        return all;
    }

    private TensorData Tensor(FlatTable tensor, bool nominal)
    {
        string name = tensor.Text(Slots.Tensor.Name);
        ElementType type = (ElementType)tensor.Int(Slots.Tensor.DataType);
        long[] dims = tensor.Longs(Slots.Tensor.Dims);
        if (nominal && type != ElementType.String)
            return TensorData.FromBytes(type, Shape.Of(0), ReadOnlyMemory<byte>.Empty);
        try
        {
            if (type == ElementType.String)
                return TensorData.FromStrings(tensor.Texts(Slots.Tensor.StringData), dims);
            if (type.BitWidth() == 0 || !Enum.IsDefined(type) || dims.Any(d => d < 0))
                throw new GraphException($"{type} [{string.Join(", ", dims)}] is no tensor.");
            Shape shape = Shape.Of(dims);
            long offset = tensor.Long(Slots.Tensor.ExternalDataOffset, -1);
            return TensorData.FromBytes(type, shape, offset < 0 ? Inline(tensor) : External(offset, checked(shape.ElementCount!.Value * type.BitWidth() + 7) / 8));
        }
        catch (Exception e) when (e is GraphException or OverflowException)
        {
            throw new TrainingException($"{_what} holds a damaged tensor '{name}': {e.Message} Write or fetch it again.");
        }
    }

    private ReadOnlyMemory<byte> Inline(FlatTable tensor)
    {
        (int start, int length) = tensor.Vector(Slots.Tensor.RawData);
        return _bytes.AsMemory(start, length);
    }

    private ReadOnlyMemory<byte> External(long offset, long length)
    {
        if (_externalPath is null)
            throw new TrainingException($"{_what} keeps its weights in a second file, *{ExternalDataSuffix}; read it from its folder instead.");
        if (!File.Exists(_externalPath))
            throw new TrainingException($"{_what} keeps its weights in '{_externalPath}', and there is no such file; put it back beside the checkpoint.");
        long present = new FileInfo(_externalPath).Length;
        if (length > Array.MaxLength || offset > present - length)
            throw new TrainingException($"{_what} keeps {length} bytes of weights at byte {offset} of '{_externalPath}', which has {present}; the file was cut off: fetch it again.");
        _external ??= MappedFile.Open(_externalPath);
        return _external.Slice(offset, (int)length);
    }
}
