namespace OnnxFineTune.Inference;

/// <summary>Where the pixels of a picture go: it is scaled to <paramref name="Width"/> × <paramref name="Height"/>, and its pixel (X, Y) lands at the target's top left corner.</summary>
/// <param name="X">Pixels cut off at the left; negative: pixels of border.</param>
/// <param name="Y">Pixels cut off at the top; negative: pixels of border.</param>
internal readonly record struct ResizePlan(int Width, int Height, int X, int Y)
{
    /// <summary>The plan for a picture of the given size. Sizes and places are rounded as torchvision's Resize and CenterCrop do.</summary>
    public static ResizePlan For(ImagePreprocessing settings, int width, int height)
    {
        if (settings.ResizeMode == ResizeMode.Stretch)
            return new(settings.Width, settings.Height, 0, 0);
        bool covers = settings.ResizeMode == ResizeMode.CenterCrop;
        int boxWidth = covers ? Enlarged(settings.Width, settings.CropFraction) : settings.Width;
        int boxHeight = covers ? Enlarged(settings.Height, settings.CropFraction) : settings.Height;
        bool widthDecides = (long)width * boxHeight <= (long)height * boxWidth == covers;
        int scaledWidth = widthDecides ? boxWidth : (int)Math.Max(1, (long)boxHeight * width / height);
        int scaledHeight = widthDecides ? (int)Math.Max(1, (long)boxWidth * height / width) : boxHeight;
        return new(scaledWidth, scaledHeight, Margin(scaledWidth, settings.Width), Margin(scaledHeight, settings.Height));
    }

    private static int Enlarged(int size, float fraction) => Math.Max(size, (int)Math.Round(size / (double)fraction));

    private static int Margin(int scaled, int target) => (int)Math.Round((scaled - target) / 2.0);
}
