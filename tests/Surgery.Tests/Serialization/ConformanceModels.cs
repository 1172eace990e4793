namespace OnnxFineTune.Surgery.Tests.Serialization;

/// <summary>The models of the ONNX standard's own test suite, where Debian's libonnx-testdata is installed.</summary>
internal static class ConformanceModels
{
    private const string Folder = "/usr/share/libonnx-testdata/data";

    /// <summary>The paths of all models, in order of their names.</summary>
    public static string[] Find()
    {
        if (!Directory.Exists(Folder))
            Assert.Inconclusive("libonnx-testdata is not installed: there are no conformance models to load (apt-get install libonnx-testdata).");
        string[] paths = Directory.GetFiles(Folder, "model.onnx", SearchOption.AllDirectories);
        Array.Sort(paths, StringComparer.Ordinal);
        return paths;
    }

    /// <summary>The test's own name of a model: its folder.</summary>
    public static string Name(string path) => Path.GetFileName(Path.GetDirectoryName(path)!);
}
