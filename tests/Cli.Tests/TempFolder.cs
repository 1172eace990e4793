using OnnxFineTune.Models;
using OnnxFineTune.Surgery;
using SkiaSharp;

namespace OnnxFineTune.Cli.Tests;

/// <summary>A folder for one test, with what the test puts there.</summary>
internal sealed class TempFolder : IDisposable
{
    private static readonly (string Label, SKColor Color)[] Colors = [("red", SKColors.Red), ("green", SKColors.Lime), ("blue", SKColors.Blue)];

    public string Path { get; } = Directory.CreateTempSubdirectory("onnxft-test-").FullName;

    /// <summary>A path inside.</summary>
    public string this[params string[] parts] => System.IO.Path.Combine([Path, .. parts]);

    public void Dispose() => Directory.Delete(Path, recursive: true);

    /// <summary>Saves a model and gives its path.</summary>
    public string Save(Model model, string name = "model.onnx")
    {
        model.Save(this[name]);
        return this[name];
    }

    /// <summary>The network with a skip connection, an auxiliary output and dropout.</summary>
    public string Residual() => Save(ResidualModels.Build(), "residual.onnx");

    /// <summary>A folder of pictures in class folders <c>red</c>, <c>green</c>, <c>blue</c>, each in shades of its colour, so that any network can tell them apart.</summary>
    public string Pictures(string name = "pictures", int classes = 2, int perClass = 10)
    {
        foreach ((string label, SKColor color) in Colors.Take(classes))
            for (int i = 0; i < perClass; i++)
                Picture(System.IO.Path.Combine(name, label, $"{i:D2}.png"), color, i);
        return this[name];
    }

    /// <summary>A file with any text.</summary>
    public string Text(string name, string text)
    {
        Directory.CreateDirectory(System.IO.Path.GetDirectoryName(this[name])!);
        File.WriteAllText(this[name], text);
        return this[name];
    }

    private void Picture(string name, SKColor color, int shade)
    {
        Directory.CreateDirectory(System.IO.Path.GetDirectoryName(this[name])!);
        using SKBitmap bitmap = new(8, 8);
        bitmap.Erase(color);
        for (int i = 0; i < 8; i++)
            bitmap.SetPixel(i, (i * 3 + shade) % 8, new SKColor((byte)(shade * 20), (byte)(shade * 20), (byte)(shade * 20)));
        using FileStream file = File.Create(this[name]);
        bitmap.Encode(file, SKEncodedImageFormat.Png, 100);
    }
}
