using System.CommandLine;
using OnnxFineTune.Inference;

namespace OnnxFineTune.Cli;

/// <summary>Options that several verbs share.</summary>
internal static class CommonOptions
{
    public static Option<string> Model() => new("--model", "-m") { Description = "The ONNX model.", HelpName = "FILE", Required = true };

    public static Option<string?> Preprocess() => ChoiceOption.Optional("--preprocess",
        "How pictures become numbers: imagenet, caffe (BGR, 0 to 255, minus 104/117/123), minus-one-to-one, zero-to-one. By default what the model carries, else imagenet.", "PRESET", ImagePreprocessing.PresetNames);

    public static Option<bool> Strict() => new("--strict") { Description = "Stop at the first unreadable picture; without it such pictures are named and left out." };

    public static Option<int> Threads() => NumberOption.Of("--threads", "Threads to compute with; 0 for all cores.", "N", 0, n => n is >= 0 and <= 4096, "from 0 to 4096");

    /// <summary>The preset that the user named, or null.</summary>
    public static ImagePreprocessing? Preset(string? name) => name is null ? null : ImagePreprocessing.Parse(name);
}
