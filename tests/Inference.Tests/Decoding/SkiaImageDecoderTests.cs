using SkiaSharp;

namespace OnnxFineTune.Inference.Tests;

[TestClass]
public sealed class SkiaImageDecoderTests
{
    private static readonly byte[] RedGreenBlueWhite = [255, 0, 0, 0, 255, 0, 0, 0, 255, 255, 255, 255];

    public static IEnumerable<object[]> ExactFormats =>
    [
        ["PNG, RGB", Pictures.Blocks(SKEncodedImageFormat.Png, 2, 1, Pictures.RedGreenBlueWhite), RedGreenBlueWhite],
        ["WebP, lossless", Pictures.Blocks(SKEncodedImageFormat.Webp, 2, 1, Pictures.RedGreenBlueWhite), RedGreenBlueWhite],
        ["BMP", Pictures.Bmp, RedGreenBlueWhite],
        ["GIF, first frame", Pictures.Gif, RedGreenBlueWhite],
        ["PNG, palette", Pictures.Png(2, 2, 2, 3, [[0b00_01_0000], [0b10_11_0000]], RedGreenBlueWhite), RedGreenBlueWhite],
        ["PNG, palette with transparency", Pictures.Png(2, 1, 8, 3, [[0, 1]], [9, 9, 9, 20, 30, 40], [0, 255]), new byte[] { 255, 255, 255, 20, 30, 40 }],
        ["PNG, grey", Pictures.Png(2, 1, 8, 0, [[7, 200]]), new byte[] { 7, 7, 7, 200, 200, 200 }],
        ["PNG, 1-bit grey", Pictures.Png(2, 1, 1, 0, [[0b01000000]]), new byte[] { 0, 0, 0, 255, 255, 255 }],
        ["PNG, 16-bit grey", Pictures.Png(2, 1, 16, 0, [[0x12, 0x12, 0xC8, 0xC8]]), new byte[] { 0x12, 0x12, 0x12, 0xC8, 0xC8, 0xC8 }],
        ["PNG, 16-bit RGB", Pictures.Png(1, 1, 16, 2, [[10, 10, 20, 20, 30, 30]]), new byte[] { 10, 20, 30 }],
        ["PNG, grey and alpha", Pictures.Png(2, 1, 8, 4, [[0, 255, 0, 0]]), new byte[] { 0, 0, 0, 255, 255, 255 }],
        ["PNG, RGBA over white", Pictures.Png(3, 1, 8, 6, [[0, 100, 200, 0, 0, 100, 200, 51, 0, 100, 200, 255]]),
            new byte[] { 255, 255, 255, 204, 224, 244, 0, 100, 200 }],
    ];

    [TestMethod, DynamicData(nameof(ExactFormats))]
    public void LosslessFormatsGiveTheirPixels(string format, byte[] file, byte[] rgb) =>
        CollectionAssert.AreEqual(rgb, Rgb(SkiaImageDecoder.Default.Decode(file)), format);

    [TestMethod]
    public void JpegGivesItsColours()
    {
        DecodedImage image = SkiaImageDecoder.Default.Decode(Pictures.Blocks(SKEncodedImageFormat.Jpeg, 2, 32, Pictures.RedGreenBlueWhite));
        Assert.AreEqual((64, 64), (image.Width, image.Height));
        for (int block = 0; block < 4; block++)
            AssertNear(RedGreenBlueWhite.AsSpan(3 * block, 3), Pixel(image, 16 + block % 2 * 32, 16 + block / 2 * 32));
    }

    [TestMethod]
    public void CmykJpegIsInverted()
    {
        DecodedImage image = SkiaImageDecoder.Default.Decode(Pictures.CmykJpeg);
        Assert.AreEqual((8, 8), (image.Width, image.Height));
        AssertNear([225, 49, 137], Pixel(image, 3, 3));
    }

    // Stored:  A B C      The eight ways it may be meant (Exif 2.3, table 4):
    //          D E F
    [TestMethod]
    [DataRow((byte)1, "ABC/DEF")]
    [DataRow((byte)2, "CBA/FED")]
    [DataRow((byte)3, "FED/CBA")]
    [DataRow((byte)4, "DEF/ABC")]
    [DataRow((byte)5, "AD/BE/CF")]
    [DataRow((byte)6, "DA/EB/FC")]
    [DataRow((byte)7, "FC/EB/DA")]
    [DataRow((byte)8, "CF/BE/AD")]
    public void ExifOrientationIsApplied(byte orientation, string upright)
    {
        const int block = 16;
        SKColor[] colors = [.. Enumerable.Range(0, 6).Select(i => new SKColor((byte)(i * 50), (byte)(i * 50), (byte)(i * 50)))];
        DecodedImage image = SkiaImageDecoder.Default.Decode(Pictures.WithOrientation(Pictures.Blocks(SKEncodedImageFormat.Jpeg, 3, block, colors), orientation));
        string[] rows = [.. Enumerable.Range(0, image.Height / block).Select(y => string.Concat(
            Enumerable.Range(0, image.Width / block).Select(x => (char)('A' + (int)Math.Round(Pixel(image, x * block + 8, y * block + 8)[0] / 50.0)))))];
        Assert.AreEqual(upright, string.Join('/', rows));
    }

    [TestMethod]
    [DataRow((byte)1, 200, 100, 200, 100)]
    [DataRow((byte)1, 201, 50, 400, 200)]
    [DataRow((byte)1, 100, 51, 200, 100)]
    [DataRow((byte)1, 100, 50, 100, 50)]
    [DataRow((byte)1, 1, 1, 50, 25)]
    [DataRow((byte)6, 50, 100, 50, 100)]
    [DataRow((byte)6, 51, 100, 100, 200)]
    public void LargeJpegsAreDecodedSmallerWhereThatIsEnough(byte orientation, int enoughWidth, int enoughHeight, int width, int height)
    {
        // 400×200 as stored.
        byte[] file = Pictures.WithOrientation(Pictures.Blocks(SKEncodedImageFormat.Jpeg, 2, 200, Pictures.RedGreenBlueWhite[..2]), orientation);
        DecodedImage image = SkiaImageDecoder.Default.Decode(file, enoughWidth, enoughHeight);
        Assert.AreEqual((width, height), (image.Width, image.Height));
    }

    [TestMethod]
    public void ReducedDecodingHardlyChangesTheNumbers()
    {
        SKColor[] colors = [.. Enumerable.Range(0, 40 * 40).Select(i => new SKColor((byte)(i * 71), (byte)(i * 37), (byte)(i * 13)))];
        byte[] file = Pictures.Blocks(SKEncodedImageFormat.Jpeg, 40, 16, colors);
        ImagePreprocessing preprocessing = new() { Width = 32, Height = 32 };
        float[] reduced = new float[preprocessing.Length];
        float[] full = new float[preprocessing.Length];
        preprocessing.Apply(file, reduced);
        preprocessing.Apply(SkiaImageDecoder.Default.Decode(file), full);
        CollectionAssert.AreNotEqual(full, reduced, "the reduced path was not taken");
        Assert.IsLessThan(1.0, full.Zip(reduced, (a, b) => Math.Abs(a - b)).Average());
    }

    private static byte[] Rgb(DecodedImage image) => [.. image.Pixels.ToArray().Where((_, i) => i % DecodedImage.BytesPerPixel < 3)];

    private static byte[] Pixel(DecodedImage image, int x, int y) =>
        image.Pixels.Slice(DecodedImage.BytesPerPixel * (y * image.Width + x), 3).ToArray();

    private static void AssertNear(ReadOnlySpan<byte> expected, ReadOnlySpan<byte> actual)
    {
        for (int c = 0; c < 3; c++)
            Assert.AreEqual(expected[c], actual[c], 4.0, $"channel {c}");
    }
}
