namespace OnnxFineTune.Inference;

public sealed partial record ImagePreprocessing
{
    private static readonly (string Name, ImagePreprocessing Preset)[] Presets =
    [
        ("imagenet", new() { Scale = 1f / 255, Mean = [0.485f, 0.456f, 0.406f], Std = [0.229f, 0.224f, 0.225f] }),
        ("caffe", new() { ChannelOrder = ChannelOrder.Bgr, Mean = [104, 117, 123] }),
        ("minus-one-to-one", new() { Scale = 1 / 127.5f, Mean = [1] }),
        ("zero-to-one", new() { Scale = 1f / 255 }),
    ];

    /// <summary>RGB, 0…1, minus (0.485, 0.456, 0.406), divided by (0.229, 0.224, 0.225): torchvision's networks and most of PyTorch's.</summary>
    public static ImagePreprocessing ImageNet => Presets[0].Preset;

    /// <summary>BGR, 0…255, minus (104, 117, 123): networks that come from Caffe.</summary>
    public static ImagePreprocessing Caffe => Presets[1].Preset;

    /// <summary>RGB, −1…1: Inception, MobileNet and EfficientNet of TensorFlow.</summary>
    public static ImagePreprocessing MinusOneToOne => Presets[2].Preset;

    /// <summary>RGB, 0…1.</summary>
    public static ImagePreprocessing ZeroToOne => Presets[3].Preset;

    /// <summary>The names that <see cref="Parse"/> takes.</summary>
    public static IReadOnlyList<string> PresetNames { get; } = [.. Presets.Select(p => p.Name)];

    /// <summary>The preset of this name, in any case.</summary>
    /// <exception cref="ArgumentException">There is none; the message lists those that exist.</exception>
    public static ImagePreprocessing Parse(string name) =>
        Array.Find(Presets, p => p.Name.Equals(name, StringComparison.OrdinalIgnoreCase)).Preset
        ?? throw new ArgumentException($"There is no image preprocessing '{name}'. Use one of: {string.Join(", ", PresetNames)}.");
}
