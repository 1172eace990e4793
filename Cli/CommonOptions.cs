using System.CommandLine;
using OnnxFineTune.Inference;

namespace OnnxFineTune.Cli;

/// <summary>Options that several verbs share.</summary>
internal static class CommonOptions
{
    public static Option<string> Model() => new("--model", "-m") { Description = "The ONNX model.", HelpName = "FILE", Required = true };

    public static Option<string?> Preprocess() => new("--preprocess")
    {
        Description = "How pictures become numbers: imagenet, caffe (BGR, 0–255, minus 104/117/123), minus-one-to-one, zero-to-one. By default what the model carries, else imagenet.",
        HelpName = "PRESET",
    };

    public static Option<bool> Strict() => new("--strict") { Description = "Stop at the first unreadable picture; without it such pictures are named and left out." };

    public static Option<int> Threads() => new("--threads") { Description = "Threads to compute with; 0 for all cores.", HelpName = "N" };

    /// <summary>The preset that the user named, or null.</summary>
    public static ImagePreprocessing? Preset(string? name)
    {
        try
        {
            return name is null ? null : ImagePreprocessing.Parse(name);
        }
        catch (Exception e) when (e is ArgumentException or FormatException)
        {
            throw new UsageException(e.Message);
        }
    }
}
