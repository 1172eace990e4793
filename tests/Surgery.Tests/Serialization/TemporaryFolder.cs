namespace OnnxFineTune.Surgery.Tests.Serialization;

/// <summary>A folder of its own for one test.</summary>
internal sealed class TemporaryFolder(string? parent = null) : IDisposable
{
    /// <summary>Its path.</summary>
    public string FullName { get; } = Directory.CreateDirectory(Path.Combine(parent ?? Path.GetTempPath(), $"onnxft-{Guid.NewGuid():N}")).FullName;

    /// <summary>The path of a file in it.</summary>
    public string File(string name) => Path.Combine(FullName, name);

    public void Dispose() => Directory.Delete(FullName, recursive: true);
}
