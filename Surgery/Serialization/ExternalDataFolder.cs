using System.Globalization;
using OnnxFineTune.Surgery.Serialization.Proto;

namespace OnnxFineTune.Surgery.Serialization;

/// <summary>The folder of a model file, in which its external data lies. Each data file is mapped once.</summary>
internal sealed class ExternalDataFolder(string folder)
{
    private readonly string _folder = Path.GetFullPath(folder);
    private readonly Dictionary<string, MappedFile> _files = [];

    /// <summary>The file and offset of a tensor's elements; no file for a tensor without elements.</summary>
    /// <exception cref="GraphException">The reference leads out of the folder, or the file is missing or too short.</exception>
    public (MappedFile? File, long Offset) Find(TensorProto proto, long length)
    {
        string location = Entry(proto, "location") ?? throw new GraphException(
            $"The tensor '{proto.Name}' is said to be in an external file but gives no 'location'; export the model again.");
        string path = Resolve(proto.Name, location);
        long offset = Number(proto, "offset") ?? 0;
        long stated = Number(proto, "length") ?? length;
        if (stated != length)
            throw new GraphException($"The tensor '{proto.Name}' takes {length} bytes, but its entry for '{location}' states {stated}; export the model again.");
        if (length == 0)
            return (null, 0);
        MappedFile file = Open(proto.Name, location, path);
        return offset <= file.Length - length ? (file, offset) : throw new GraphException(
            $"The external data file '{path}' is too short: the tensor '{proto.Name}' needs {length} bytes at {offset}, and the file has {file.Length}; fetch it again beside the model.");
    }

    private string Resolve(string tensor, string location)
    {
        string path = Path.GetFullPath(Path.Combine(_folder, location));
        string inside = Path.EndsInDirectorySeparator(_folder) ? _folder : _folder + Path.DirectorySeparatorChar;
        return !Path.IsPathRooted(location) && path.StartsWith(inside, StringComparison.Ordinal) ? path : throw new GraphException(
            $"The external data of the tensor '{tensor}' lies at '{location}', outside the model's folder, which is refused; put the file beside the model and export it again.");
    }

    private MappedFile Open(string tensor, string location, string path)
    {
        if (_files.TryGetValue(path, out MappedFile? file))
            return file;
        FileInfo info = new(path);
        if (!info.Exists)
            throw new GraphException($"The external data file '{location}' of the tensor '{tensor}' is missing in '{_folder}'; fetch it again beside the model.");
        if (info.Length == 0)
            throw new GraphException($"The external data file '{path}' is empty, and the tensor '{tensor}' needs it; fetch it again beside the model.");
        return _files[path] = MappedFile.Open(path);
    }

    private static string? Entry(TensorProto proto, string key) => proto.ExternalData.LastOrDefault(e => e.Key == key)?.Value;

    private static long? Number(TensorProto proto, string key) => Entry(proto, key) is not { } text ? null
        : long.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out long number) ? number
        : throw new GraphException($"The tensor '{proto.Name}' gives '{text}' as the {key} of its external data, which is no number; export the model again.");
}
