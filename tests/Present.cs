using OnnxFineTune.Models;

namespace OnnxFineTune;

/// <summary>Material from outside the project; where it is absent the test that asks for it is skipped, with the reason.</summary>
internal static class Present
{
    /// <summary>The path of a file or folder under <c>../shared</c>.</summary>
    public static string Shared(string path) => SharedFolder.Find(path) ?? throw new AssertInconclusiveException($"../shared/{path} is absent.");

    /// <summary>The ONNX standard's own models, in order of their names.</summary>
    public static IReadOnlyList<string> Conformance() => ConformanceModels.Root is not null ? ConformanceModels.Files
        : throw new AssertInconclusiveException("libonnx-testdata is not installed: there are no conformance models to load (apt-get install libonnx-testdata).");
}
