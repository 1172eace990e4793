using SkiaSharp;

namespace OnnxFineTune.Training.Tests;

/// <summary>A folder of small pictures that is gone after the test.</summary>
internal sealed class TestImages : IDisposable
{
    public TestImages() => Directory.CreateDirectory(Path);

    public string Path { get; } = System.IO.Path.Combine(System.IO.Path.GetTempPath(), $"onnxft-test-{Guid.NewGuid():N}");

    public string this[string relative] => System.IO.Path.Combine(Path, relative);

    /// <summary>Writes an 8×8 picture of one colour.</summary>
    public TestImages Add(string relative, SKColor colour, SKEncodedImageFormat format = SKEncodedImageFormat.Png)
    {
        using SKBitmap bitmap = new(8, 8);
        bitmap.Erase(colour);
        using SKData data = bitmap.Encode(format, 100);
        return AddFile(relative, data.ToArray());
    }

    public TestImages AddFile(string relative, byte[] content)
    {
        Directory.CreateDirectory(System.IO.Path.GetDirectoryName(this[relative])!);
        File.WriteAllBytes(this[relative], content);
        return this;
    }

    public TestImages AddFolder(string relative)
    {
        Directory.CreateDirectory(this[relative]);
        return this;
    }

    /// <summary>Two classes that colour tells apart: reds and blues, each picture another one.</summary>
    public TestImages AddTwoClasses(int each)
    {
        for (int i = 0; i < each; i++)
        {
            Add($"red/{i:D3}.png", new SKColor((byte)(255 - i), (byte)(i * 3), 10));
            Add($"blue/{i:D3}.png", new SKColor(10, (byte)(i * 3), (byte)(255 - i)));
        }
        return this;
    }

    public void Dispose() => Directory.Delete(Path, recursive: true);
}
