namespace OnnxFineTune.Inference.Tests;

/// <summary>Expected numbers are those of Pillow 9.4 and torchvision, unless they can be counted on fingers.</summary>
[TestClass]
public sealed class ResizeTests
{
    private static readonly byte[] Four = [0, 100, 200, 255];
    private static readonly byte[] Sixteen = [0, 10, 20, 30, 40, 50, 60, 70, 80, 90, 100, 110, 120, 130, 140, 255];
    private static readonly byte[] Tall = [0, 50, 255, 10, 20, 200, 100, 7, 90, 80, 70, 60, 50, 40, 30, 20];

    public static IEnumerable<object[]> PillowCases =>
    [
        [Interpolation.Bilinear, 2, 4, 4, Four, new float[] { 0, 25, 75, 100, 50, 72, 117, 139, 150, 167, 200, 216, 200, 214, 241, 255 }],
        [Interpolation.Bicubic, 2, 4, 4, Four, new float[] { 0, 4, 64, 96, 40, 60, 113, 139, 155, 172, 210, 225, 212, 228, 255, 255 }],
        [Interpolation.Nearest, 2, 4, 4, Four, new float[] { 0, 0, 100, 100, 0, 0, 100, 100, 200, 200, 255, 255, 200, 200, 255, 255 }],
        [Interpolation.Bilinear, 4, 2, 2, Sixteen, new float[] { 36, 52, 98, 134 }],
        [Interpolation.Bicubic, 4, 2, 2, Sixteen, new float[] { 30, 46, 101, 143 }],
        [Interpolation.Nearest, 4, 2, 2, Sixteen, new float[] { 50, 70, 130, 255 }],
        [Interpolation.Bilinear, 8, 3, 1, Tall, new float[] { 80, 72, 61 }],
        [Interpolation.Bicubic, 8, 3, 1, Tall, new float[] { 82, 74, 60 }],
        [Interpolation.Nearest, 8, 3, 1, Tall, new float[] { 80, 50, 30 }],
        [Interpolation.Bilinear, 4, 4, 4, Sixteen, Array.ConvertAll(Sixteen, b => (float)b)],
    ];

    [TestMethod, DynamicData(nameof(PillowCases))]
    public void StretchIsPillowsResize(Interpolation interpolation, int sourceWidth, int width, int height, byte[] source, float[] expected)
    {
        ImagePreprocessing preprocessing = new() { Width = width, Height = height, Interpolation = interpolation, ChannelOrder = ChannelOrder.Grey };
        CollectionAssert.AreEqual(expected, Resize(preprocessing, sourceWidth, source));
    }

    [TestMethod]
    public void EveryChannelIsResizedByItself()
    {
        byte[] rgb = [.. Sixteen.SelectMany((b, i) => (byte[])[b, Tall[i], (byte)(255 - b)])];
        ImagePreprocessing preprocessing = new() { Width = 19, Height = 3 };
        float[] numbers = new float[preprocessing.Length];
        preprocessing.Apply(DecodedImage.FromRgb(4, 4, rgb), numbers);
        ImagePreprocessing grey = preprocessing.WithGrey();
        CollectionAssert.AreEqual(Resize(grey, 4, Sixteen), numbers[..57]);
        CollectionAssert.AreEqual(Resize(grey, 4, Tall), numbers[57..114]);
        CollectionAssert.AreEqual(Resize(grey, 4, Array.ConvertAll(Sixteen, b => (byte)(255 - b))), numbers[114..]);
    }

    [TestMethod]
    [DataRow(1, 1)]
    [DataRow(500, 1)]
    [DataRow(3, 700)]
    [DataRow(2000, 1500)]
    public void OneColourStaysThatColour(int width, int height)
    {
        byte[] white = new byte[width * height];
        Array.Fill(white, byte.MaxValue);
        foreach (Interpolation interpolation in Enum.GetValues<Interpolation>())
            foreach (ResizeMode mode in (ResizeMode[])[ResizeMode.Stretch, ResizeMode.CenterCrop])
            {
                float[] numbers = Resize(new ImagePreprocessing { Width = 37, Height = 21, Interpolation = interpolation, ResizeMode = mode, ChannelOrder = ChannelOrder.Grey }, width, white);
                Assert.IsTrue(Array.TrueForAll(numbers, n => n == 255), $"{interpolation} {mode}");
            }
    }

    [TestMethod]
    public void CenterCropCutsTheMiddle()
    {
        ImagePreprocessing crop = new() { Width = 2, Height = 2, ResizeMode = ResizeMode.CenterCrop, ChannelOrder = ChannelOrder.Grey };
        CollectionAssert.AreEqual((float[])[2, 3, 8, 9], Resize(crop, 6, [0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11]), "wide");
        CollectionAssert.AreEqual((float[])[4, 5, 6, 7], Resize(crop, 2, [0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11]), "tall");
        CollectionAssert.AreEqual((float[])[50, 60, 90, 100], Resize(crop with { CropFraction = 0.5f }, 4, Sixteen), "the middle half");
    }

    [TestMethod]
    [DataRow(640, 480, 0.875f, 341, 256, 58, 16)]
    [DataRow(480, 640, 0.875f, 256, 341, 16, 58)]
    [DataRow(301, 97, 1f, 695, 224, 236, 0)]
    public void CenterCropRoundsAsTorchvision(int width, int height, float fraction, int scaledWidth, int scaledHeight, int x, int y)
    {
        ImagePreprocessing crop = new() { ResizeMode = ResizeMode.CenterCrop, CropFraction = fraction };
        Assert.AreEqual(new ResizePlan(scaledWidth, scaledHeight, x, y), ResizePlan.For(crop, width, height));
    }

    [TestMethod]
    public void LetterboxKeepsEverythingAndPads()
    {
        ImagePreprocessing box = new() { Width = 4, Height = 4, ResizeMode = ResizeMode.Letterbox, Padding = 114, ChannelOrder = ChannelOrder.Grey };
        CollectionAssert.AreEqual((float[])[114, 114, 114, 114, 1, 2, 3, 4, 5, 6, 7, 8, 114, 114, 114, 114], Resize(box, 4, [1, 2, 3, 4, 5, 6, 7, 8]), "wide");
        CollectionAssert.AreEqual((float[])[114, 1, 2, 114, 114, 3, 4, 114, 114, 5, 6, 114, 114, 7, 8, 114], Resize(box, 2, [1, 2, 3, 4, 5, 6, 7, 8]), "tall");
        float[] thin = Resize(box, 1, new byte[1000]);
        Assert.AreEqual(4, thin.Count(n => n == 0), "never less than one column");
    }

    [TestMethod]
    public void ThreadsDoNotDisturbEachOther()
    {
        ImagePreprocessing preprocessing = new() { Width = 31, Height = 17, ChannelOrder = ChannelOrder.Grey };
        float[][] expected = [.. Enumerable.Range(0, 64).Select(i => Resize(preprocessing, 4, Shifted(i)))];
        Parallel.For(0, 640, i => CollectionAssert.AreEqual(expected[i % 64], Resize(preprocessing, 4, Shifted(i % 64))));

        static byte[] Shifted(int by) => Array.ConvertAll(Sixteen, b => (byte)(b + by));
    }

    private static float[] Resize(ImagePreprocessing preprocessing, int sourceWidth, byte[] grey)
    {
        float[] numbers = new float[preprocessing.Length];
        preprocessing.Apply(DecodedImage.FromRgb(sourceWidth, grey.Length / sourceWidth, [.. grey.SelectMany(b => (byte[])[b, b, b])]), numbers);
        return numbers;
    }
}
