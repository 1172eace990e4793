using Google.Protobuf;
using OnnxFineTune.Surgery.Serialization.Proto;

namespace OnnxFineTune.Surgery.Serialization;

/// <summary>Reads and writes model files.</summary>
internal static class ModelFile
{
    private const long MappedFrom = 1 << 20;     // smaller files are read: nothing is won by mapping them

    public static Model Load(string path)
    {
        try
        {
            return Parse(Open(path), $"'{path}'", new ExternalDataFolder(Folder(path)));
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw new GraphException($"'{path}' cannot be read: {e.Message}", e);
        }
    }

    /// <summary>Reads a model.</summary>
    /// <param name="bytes">The model's wire format.</param>
    /// <param name="what">How error messages call it.</param>
    /// <param name="external">Where external data lies; null where there is no folder.</param>
    public static Model Parse(ReadOnlyMemory<byte> bytes, string what, ExternalDataFolder? external)
    {
        if (bytes.IsEmpty)
            throw new GraphException($"{what} is empty; fetch or export it again.");
        ModelProto proto;
        try
        {
            proto = ModelProto.Parser.ParseFrom(WeightSkipper.Skip(bytes));
        }
        catch (Exception e) when (e is InvalidDataException or InvalidProtocolBufferException)
        {
            throw new GraphException($"{what} {FileFormats.Describe(bytes.Span) ?? $"is no ONNX model or was cut off ({e.Message}); fetch or export it again."}", e);
        }
        if (proto.Graph is null)
            throw new GraphException($"{what} {FileFormats.Describe(bytes.Span) ?? "holds no graph, so it is no ONNX model or was cut off; fetch or export it again."}");
        return new ProtoReader(new TensorReader(bytes, external)).Read(proto);
    }

    public static void Save(Model model, string path, SaveOptions options)
    {
        ExternalDataLayout external = new(Path.GetFileName(path) + ".data", options.ExternalThreshold);
        SerializedModel content = Serialize(model, external, options);
        try
        {
            using AtomicFile? data = external.Length > 0 ? new AtomicFile(Path.Combine(Folder(path), external.FileName), external.Length) : null;
            using AtomicFile file = new(path, content.Length);
            data?.Write(external.Pieces);
            file.Write(content.Pieces);
            data?.Commit();
            file.Commit();
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw new GraphException($"'{path}' cannot be written: {Reason(path, content.Length + external.Length, e)}", e);
        }
    }

    private static SerializedModel Serialize(Model model, ExternalDataLayout external, SaveOptions options)
    {
        SerializedModel content = SerializedModel.Of(model, options.ExternalData == ExternalData.Always ? external : null);
        if (content.Length > options.InlineLimit && options.ExternalData == ExternalData.Auto)
            content = SerializedModel.Of(model, external);
        return content.Length <= options.InlineLimit ? content : throw new GraphException(
            $"The model takes {content.Length} bytes without external data, and an ONNX file can hold {options.InlineLimit}; " +
            "save it with external data, and keep large tensors in initializers rather than in Constant nodes.");
    }

    private static string Folder(string path) => Path.GetDirectoryName(Path.GetFullPath(path)) ?? Path.GetFullPath(path);

    private static ReadOnlyMemory<byte> Open(string path)
    {
        if (Directory.Exists(path))
            throw new GraphException($"'{path}' is a folder; give the path of an ONNX file in it.{Hint(path, "")}");
        FileInfo file = new(path);
        if (!file.Exists)
            throw new GraphException($"There is no file '{path}'.{Hint(Folder(path), file.Name)}");
        if (file.Length > int.MaxValue)
            throw new GraphException($"'{path}' has {file.Length} bytes, and an ONNX file can hold {int.MaxValue}; export it again with external data.");
        return file.Length < MappedFrom ? File.ReadAllBytes(path) : MapWhole(path);
    }

    private static ReadOnlyMemory<byte> MapWhole(string path)
    {
        MappedFile file = MappedFile.Open(path);
        return file.Slice(0, checked((int)file.Length));
    }

    /// <summary>The ONNX files in a folder whose names are nearest.</summary>
    private static string Hint(string folder, string name) => !Directory.Exists(folder) ? ""
        : NearestNames.Hint(name, Directory.EnumerateFiles(folder, "*.onnx").Select(f => Path.GetFileName(f)!));

    private static string Reason(string path, long length, Exception e)
    {
        const int unixDiskFull = 28, windowsDiskFull = unchecked((int)0x80070070);
        string folder = Folder(path);
        if (Directory.Exists(path))
            return "it is a folder; give the path of a file.";
        if (!Directory.Exists(folder))
            return $"the folder '{folder}' does not exist; create it first.";
        return e.HResult is unixDiskFull or windowsDiskFull
            ? $"the disk is full, and {length} bytes are needed in '{folder}'; make room or choose another folder."
            : $"{e.Message.TrimEnd('.')}; choose another folder.";
    }
}
