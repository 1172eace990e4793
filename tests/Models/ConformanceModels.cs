namespace OnnxFineTune.Models;

/// <summary>The ONNX standard's conformance models, where Debian's package libonnx-testdata is installed.</summary>
public static class ConformanceModels
{
    /// <summary>Root of the data, or null where the package is absent.</summary>
    public static string? Root { get; } = Directory.Exists("/usr/share/libonnx-testdata/data") ? "/usr/share/libonnx-testdata/data" : null;

    /// <summary>Paths of all <c>model.onnx</c> files, in a fixed order.</summary>
    public static IReadOnlyList<string> Files { get; } = Root is null ? []
        : [.. Directory.EnumerateFiles(Root, "model.onnx", SearchOption.AllDirectories).Order(StringComparer.Ordinal)];

    /// <summary>The test suite's own name of a model: its folder.</summary>
    public static string Name(string path) => Path.GetFileName(Path.GetDirectoryName(path)!);
}
