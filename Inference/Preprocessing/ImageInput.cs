using OnnxFineTune.Surgery;

namespace OnnxFineTune.Inference;

/// <summary>The input of a model that takes pictures: [N, 3, H, W], [N, 1, H, W], [N, H, W, 3] or [N, H, W, 1].</summary>
internal sealed record ImageInput(Value Value, TensorLayout Layout, int Channels, int? Width, int? Height)
{
    /// <summary>The static batch size, or null where any is taken.</summary>
    public int? Batch => (int?)Value.Shape![0].Value;

    /// <exception cref="GraphException">The model has no such input, or more inputs than that.</exception>
    public static ImageInput Of(Model model)
    {
        Value[] inputs = [.. model.Graph.FeedInputs];
        ImageInput[] images = [.. inputs.Select(Parse).OfType<ImageInput>()];
        if (images.Length == 1 && inputs.Length == 1)
            return images[0];
        string list = inputs.Length == 0 ? "none" : string.Join("; ", inputs.Select(i => i.ToString()));
        throw new GraphException(images.Length == 0
            ? $"The model has no image input ([N, 3, H, W], [N, H, W, 3], or 1 channel, float32 or float16). Its inputs: {list}."
            : $"The model needs more than one picture as input. Its inputs: {list}.");
    }

    /// <summary>The settings with this input's size, layout and channels.</summary>
    public ImagePreprocessing Fit(ImagePreprocessing preset)
    {
        if (Channels == 3 && preset.ChannelOrder == ChannelOrder.Grey)
            throw new GraphException($"The preprocessing is grey, but the model takes colours: {Value}.");
        ImagePreprocessing fitted = Channels == 1 && preset.ChannelOrder != ChannelOrder.Grey ? preset.WithGrey() : preset;
        return fitted with { Width = Width ?? preset.Width, Height = Height ?? preset.Height, Layout = Layout };
    }

    /// <summary>The settings themselves, if they give what this input takes.</summary>
    public ImagePreprocessing Check(ImagePreprocessing settings)
    {
        if (settings.Layout == Layout && settings.Channels == Channels && settings.Width == (Width ?? settings.Width) && settings.Height == (Height ?? settings.Height))
            return settings;
        throw new GraphException(
            $"The preprocessing gives {settings.BatchShape(Dimension.Named("N"))}, but the model takes {Value.Shape} as '{Value.Name}'. State a preprocessing that fits.");
    }

    private static ImageInput? Parse(Value value)
    {
        if (value.ElementType is not (ElementType.Float or ElementType.Float16) || value.Shape is not { Rank: 4 } shape)
            return null;
        if (shape[1].Value is 1 or 3)
            return new(value, TensorLayout.Nchw, (int)shape[1].Value!, (int?)shape[3].Value, (int?)shape[2].Value);
        if (shape[3].Value is 1 or 3)
            return new(value, TensorLayout.Nhwc, (int)shape[3].Value!, (int?)shape[2].Value, (int?)shape[1].Value);
        return null;
    }
}
