using SkiaSharp;

namespace OnnxFineTune.Inference.Tests;

[TestClass]
public sealed class BadPictureTests
{
    public static IEnumerable<object[]> Formats =>
    [
        ["JPEG", Pictures.Blocks(SKEncodedImageFormat.Jpeg, 2, 32, Pictures.RedGreenBlueWhite)],
        ["PNG", Pictures.Blocks(SKEncodedImageFormat.Png, 2, 32, Pictures.RedGreenBlueWhite)],
        ["WebP", Pictures.Blocks(SKEncodedImageFormat.Webp, 2, 32, Pictures.RedGreenBlueWhite)],
        ["BMP", Pictures.Bmp],
        ["GIF", Pictures.Gif],
    ];

    [TestMethod]
    public void AnEmptyFileIsNamedEmpty() => StringAssert.Contains(Error([]), "empty");

    [TestMethod]
    public void TextIsNoPicture() => StringAssert.Contains(Error("not a picture, though it is long enough to be one"u8.ToArray()), "no picture");

    [TestMethod]
    public void AHugePictureIsRefusedBeforeItIsDecoded()
    {
        string message = Error(Pictures.Png(30_000, 30_000, 1, 0, [[0]]));
        StringAssert.Contains(message, "30000×30000");
        StringAssert.Contains(message, "120 million");
    }

    [TestMethod]
    public void TheLimitCanBeSet()
    {
        byte[] file = Pictures.Bmp;
        Assert.AreEqual(2, new SkiaImageDecoder { MaxPixels = 4 }.Decode(file).Width);
        Assert.ThrowsExactly<ImageFormatException>(() => new SkiaImageDecoder { MaxPixels = 3 }.Decode(file));
    }

    [TestMethod, DynamicData(nameof(Formats))]
    public void ATruncatedFileIsAnError(string format, byte[] file)
    {
        int pixels = SkiaImageDecoder.Default.Decode(file).Pixels.Length;
        Assert.IsGreaterThan(0, pixels, format);
        // Of a GIF only the first frame is read: it ends at two thirds of the file.
        double[] parts = format == "GIF" ? [0.02, 0.1, 0.3, 0.5, 0.6] : [0.02, 0.1, 0.3, 0.5, 0.7, 0.9];
        foreach (double part in parts)
            Assert.IsGreaterThan(0, Error(file[..Math.Max(1, (int)(file.Length * part))]).Length, $"{format}, {part}");
    }

    [TestMethod, DynamicData(nameof(Formats))]
    public void DamageGivesAPictureOrAnImageFormatException(string format, byte[] file)
    {
        Random random = new(1);
        int decoded = 0, refused = 0;
        for (int i = 0; i < 300; i++)
        {
            byte[] damaged = [.. file];
            for (int j = 0; j < 3; j++)
                damaged[random.Next(damaged.Length)] = (byte)random.Next(256);
            try
            {
                SkiaImageDecoder.Default.Decode(damaged);
                decoded++;
            }
            catch (ImageFormatException)
            {
                refused++;
            }
        }
        Assert.AreEqual(300, decoded + refused);
        Assert.IsGreaterThan(0, refused, $"no damage to the {format} was noticed");
    }

    [TestMethod]
    public void PixelsMustFitTheSize()
    {
        Assert.ThrowsExactly<ArgumentException>(() => new DecodedImage(2, 2, new byte[15]));
        Assert.ThrowsExactly<ArgumentException>(() => new DecodedImage(0, 2, new byte[0]));
        Assert.ThrowsExactly<ArgumentException>(() => DecodedImage.FromRgb(2, 2, new byte[16]));
    }

    private static string Error(byte[] file) => Assert.ThrowsExactly<ImageFormatException>(() => SkiaImageDecoder.Default.Decode(file)).Message;
}
