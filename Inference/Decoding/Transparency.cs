namespace OnnxFineTune.Inference;

/// <summary>Removes alpha channels.</summary>
internal static class Transparency
{
    /// <summary>Blends unpremultiplied RGBA pixels with white, in place: c·a + 255·(1 − a), rounded.</summary>
    public static void LayOverWhite(Span<byte> pixels)
    {
        for (int i = 0; i < pixels.Length; i += DecodedImage.BytesPerPixel)
        {
            int alpha = pixels[i + 3];
            if (alpha == byte.MaxValue)
                continue;
            int white = byte.MaxValue * (byte.MaxValue - alpha) + byte.MaxValue / 2;
            for (int c = 0; c < 3; c++)
                pixels[i + c] = (byte)((pixels[i + c] * alpha + white) / byte.MaxValue);
            pixels[i + 3] = byte.MaxValue;
        }
    }
}
