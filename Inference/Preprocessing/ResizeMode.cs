namespace OnnxFineTune.Inference;

/// <summary>How a picture of any size becomes one of the model's size.</summary>
public enum ResizeMode
{
    /// <summary>Each side is resized by itself; the aspect ratio is not kept.</summary>
    Stretch,

    /// <summary>Resized, aspect ratio kept, until it covers the model's size divided by <see cref="ImagePreprocessing.CropFraction"/>; then the middle is cut out.</summary>
    CenterCrop,

    /// <summary>Resized, aspect ratio kept, until it fits into the model's size; the borders get <see cref="ImagePreprocessing.Padding"/>.</summary>
    Letterbox,
}
