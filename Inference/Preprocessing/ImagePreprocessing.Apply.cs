using System.Buffers;

namespace OnnxFineTune.Inference;

public sealed partial record ImagePreprocessing
{
    /// <summary>A JPEG is decoded at reduced size only while that stays this much larger than the size it is resized to: the difference is then below one grey level.</summary>
    private const int ReducingGap = 3;

    /// <summary>Decodes a picture and writes its numbers, as <see cref="Apply(DecodedImage, Span{float})"/> does; large JPEGs are decoded at reduced size.</summary>
    /// <param name="file">The whole picture file.</param>
    /// <param name="destination"><see cref="Length"/> numbers in the order of <see cref="Layout"/>.</param>
    /// <param name="decoder">Skia when null.</param>
    /// <exception cref="ImageFormatException">The file is no picture, is damaged, or is too large.</exception>
    public void Apply(ReadOnlyMemory<byte> file, Span<float> destination, IImageDecoder? decoder = null)
    {
        int width = (int)Math.Min(int.MaxValue, Math.Ceiling(Width / (double)CropFraction) * ReducingGap);
        int height = (int)Math.Min(int.MaxValue, Math.Ceiling(Height / (double)CropFraction) * ReducingGap);
        Apply((decoder ?? SkiaImageDecoder.Default).Decode(file, width, height), destination);
    }

    /// <summary>Resizes a picture and writes its numbers. Safe from several threads.</summary>
    /// <param name="image">The picture, upright.</param>
    /// <param name="destination"><see cref="Length"/> numbers in the order of <see cref="Layout"/>.</param>
    /// <exception cref="ArgumentException">The destination is of another length, or a setting is out of its range.</exception>
    public void Apply(DecodedImage image, Span<float> destination)
    {
        Validate();
        if (destination.Length != Length)
            throw new ArgumentException($"One picture gives {Length} numbers, but there is room for {destination.Length}.", nameof(destination));
        int bytes = DecodedImage.BytesPerPixel * Width * Height;
        byte[] buffer = ArrayPool<byte>.Shared.Rent(bytes);
        Span<byte> pixels = buffer.AsSpan(0, bytes);
        Resize(image, pixels);
        PixelNormalizer.Write(this, pixels, destination);
        ArrayPool<byte>.Shared.Return(buffer);
    }

    private void Resize(DecodedImage image, Span<byte> pixels)
    {
        if (image.Width == Width && image.Height == Height && (CropFraction == 1 || ResizeMode != ResizeMode.CenterCrop))
        {
            image.Pixels.Span.CopyTo(pixels);
            return;
        }
        ResizePlan plan = ResizePlan.For(this, image.Width, image.Height);
        if (plan.Width < Width || plan.Height < Height)
            pixels.Fill(Padding);
        int left = Math.Max(-plan.X, 0);
        int top = Math.Max(-plan.Y, 0);
        using ResamplingTable columns = new(image.Width, plan.Width, Math.Max(plan.X, 0), Math.Min(plan.Width, Width), Interpolation);
        using ResamplingTable rows = new(image.Height, plan.Height, Math.Max(plan.Y, 0), Math.Min(plan.Height, Height), Interpolation);
        int stride = DecodedImage.BytesPerPixel * Width;
        ImageResizer.Resize(image.Pixels.Span, image.Width, columns, rows, pixels[(top * stride + DecodedImage.BytesPerPixel * left)..], stride);
    }
}
