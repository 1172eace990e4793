using OnnxFineTune.Surgery;

namespace OnnxFineTune.Inference;

public sealed partial record ImagePreprocessing
{
    /// <summary>The preprocessing that the model carries in its metadata, else <see cref="ImageNet"/> fitted to its image input.</summary>
    /// <exception cref="GraphException">The model has no image input, or its metadata does not fit it or cannot be read.</exception>
    public static ImagePreprocessing For(Model model)
    {
        ImageInput input = ImageInput.Of(model);
        return model.GetPreprocessing() is { } stored ? input.Check(stored) : input.Fit(ImageNet);
    }

    /// <summary>
    /// <paramref name="preset"/> with the size, layout and number of channels of the model's image input. Where the model leaves its size open, the preset's size stays.
    /// </summary>
    /// <exception cref="GraphException">The model has no image input, or takes colours where the preset is grey.</exception>
    public static ImagePreprocessing For(Model model, ImagePreprocessing preset) => ImageInput.Of(model).Fit(preset);
}
