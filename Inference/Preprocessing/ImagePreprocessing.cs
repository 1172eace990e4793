using OnnxFineTune.Surgery;

namespace OnnxFineTune.Inference;

/// <summary>
/// How a picture becomes the numbers that a model takes: value = (pixel · <see cref="Scale"/> − <see cref="Mean"/>[c]) / <see cref="Std"/>[c], pixel in 0…255.
/// Training and serving share it, and it travels inside the model. Immutable; compared by content; safe from several threads.
/// </summary>
public sealed partial record ImagePreprocessing
{
    /// <summary>Width of the model's input in pixels, at least 1; 224 by default.</summary>
    public int Width { get; init; } = 224;

    /// <summary>Height of the model's input in pixels, at least 1; 224 by default.</summary>
    public int Height { get; init; } = 224;

    /// <summary>How a picture is brought to that size; <see cref="ResizeMode.Stretch"/> by default.</summary>
    public ResizeMode ResizeMode { get; init; } = ResizeMode.Stretch;

    /// <summary>
    /// With <see cref="ResizeMode.CenterCrop"/>: the part of the resized picture's shorter side that is kept, above 0 and at most 1. 0.875 is "resize to 256, crop 224".
    /// 1 by default.
    /// </summary>
    public float CropFraction { get; init; } = 1;

    /// <summary>With <see cref="ResizeMode.Letterbox"/>: the grey level of the borders, 0 (black, default) to 255.</summary>
    public byte Padding { get; init; }

    /// <summary>How pixels between pixels are computed; <see cref="Interpolation.Bilinear"/> with antialiasing by default.</summary>
    public Interpolation Interpolation { get; init; } = Interpolation.Bilinear;

    /// <summary>The model's channels; <see cref="ChannelOrder.Rgb"/> by default.</summary>
    public ChannelOrder ChannelOrder { get; init; } = ChannelOrder.Rgb;

    /// <summary>Factor of the pixel value 0…255; 1 by default.</summary>
    public float Scale { get; init; } = 1;

    /// <summary>Subtracted after scaling, one number for each channel in the order of <see cref="ChannelOrder"/>, or one for all; 0 by default.</summary>
    public IReadOnlyList<float> Mean { get; init => field = [.. value]; } = [0];

    /// <summary>Divides at the end, one number for each channel in the order of <see cref="ChannelOrder"/>, or one for all; 1 by default.</summary>
    public IReadOnlyList<float> Std { get; init => field = [.. value]; } = [1];

    /// <summary>Order of the dimensions; <see cref="TensorLayout.Nchw"/> by default.</summary>
    public TensorLayout Layout { get; init; } = TensorLayout.Nchw;

    /// <summary>Number of channels: 3, or 1 for grey.</summary>
    public int Channels => ChannelOrder == ChannelOrder.Grey ? 1 : 3;

    /// <summary>Numbers that one picture gives: <see cref="Channels"/> · <see cref="Height"/> · <see cref="Width"/>.</summary>
    public int Length => checked(Channels * Height * Width);

    /// <summary>The same for another size in pixels.</summary>
    public ImagePreprocessing WithSize(int width, int height) => this with { Width = width, Height = height };

    /// <summary>The same for one channel of grey: mean and deviation become their averages over the channels.</summary>
    public ImagePreprocessing WithGrey() => this with { ChannelOrder = ChannelOrder.Grey, Mean = [Mean.Average()], Std = [Std.Average()] };

    /// <summary>Shape of a batch of pictures in this layout.</summary>
    public Shape BatchShape(Dimension batch) => Layout == TensorLayout.Nchw
        ? new Shape(batch, Channels, Height, Width)
        : new Shape(batch, Height, Width, Channels);

    /// <summary>Whether all settings are the same.</summary>
    public bool Equals(ImagePreprocessing? other) => other is not null && Settings.Equals(other.Settings) && Mean.SequenceEqual(other.Mean) && Std.SequenceEqual(other.Std);

    /// <inheritdoc/>
    public override int GetHashCode() => HashCode.Combine(Settings, Mean[0], Std[0]);

    /// <summary>The settings as JSON.</summary>
    public override string ToString() => ToJson();

    private (int, int, ResizeMode, float, byte, Interpolation, ChannelOrder, float, TensorLayout) Settings =>
        (Width, Height, ResizeMode, CropFraction, Padding, Interpolation, ChannelOrder, Scale, Layout);

    /// <summary>Checks all ranges at once.</summary>
    /// <exception cref="ArgumentException">A setting is out of its range; the message lists every one that is.</exception>
    public void Validate()
    {
        List<string>? errors = null;
        if (Width < 1 || Height < 1 || (long)Width * Height > int.MaxValue / 8)
            (errors ??= []).Add($"the size {Width}×{Height} is not a picture's");
        if (!(CropFraction > 0 && CropFraction <= 1))
            (errors ??= []).Add($"CropFraction is {CropFraction}, not above 0 and at most 1");
        if (!float.IsFinite(Scale) || Scale == 0)
            (errors ??= []).Add($"Scale is {Scale}, not a number other than 0");
        if (!FitsChannels(Mean, float.IsFinite))
            (errors ??= []).Add($"Mean holds [{string.Join(", ", Mean)}], not 1 or {Channels} numbers");
        if (!FitsChannels(Std, s => float.IsFinite(s) && s != 0))
            (errors ??= []).Add($"Std holds [{string.Join(", ", Std)}], not 1 or {Channels} numbers other than 0");
        if (errors is not null)
            throw new ArgumentException($"The image preprocessing cannot be used: {string.Join("; ", errors)}.");
    }

    private bool FitsChannels(IReadOnlyList<float> values, Predicate<float> isValid)
    {
        bool fits = values.Count == 1 || values.Count == Channels;
        for (int i = 0; fits && i < values.Count; i++)
            fits = isValid(values[i]);
        return fits;
    }
}
