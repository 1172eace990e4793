namespace OnnxFineTune.OrtTraining.Tests;

/// <summary>A folder for one test.</summary>
internal sealed class TemporaryFolder : IDisposable
{
    public string Path { get; } = Directory.CreateTempSubdirectory("onnxft-ort-training-").FullName;

    public void Dispose() => Directory.Delete(Path, recursive: true);
}
