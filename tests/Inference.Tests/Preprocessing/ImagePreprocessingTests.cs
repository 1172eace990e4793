using System.Reflection;
using OnnxFineTune.Surgery;

namespace OnnxFineTune.Inference.Tests;

[TestClass]
public sealed class ImagePreprocessingTests
{
    // One pixel of red 10, green 100, blue 200 in each preset.
    [TestMethod]
    [DataRow("imagenet", (10 / 255f - 0.485f) / 0.229f, (100 / 255f - 0.456f) / 0.224f, (200 / 255f - 0.406f) / 0.225f)]
    [DataRow("caffe", 96f, -17f, -113f)]
    [DataRow("minus-one-to-one", 10 / 127.5f - 1, 100 / 127.5f - 1, 200 / 127.5f - 1)]
    [DataRow("Zero-To-One", 10 / 255f, 100 / 255f, 200 / 255f)]
    public void PresetsGiveTheirDefinition(string name, float first, float second, float third)
    {
        ImagePreprocessing preset = ImagePreprocessing.Parse(name).WithSize(1, 1);
        float[] numbers = new float[3];
        preset.Apply(DecodedImage.FromRgb(1, 1, [10, 100, 200]), numbers);
        Assert.AreEqual(first, numbers[0], 1e-6f);
        Assert.AreEqual(second, numbers[1], 1e-6f);
        Assert.AreEqual(third, numbers[2], 1e-6f);
    }

    [TestMethod]
    public void UnknownPresetErrorListsThePresets()
    {
        string message = Assert.ThrowsExactly<ArgumentException>(() => ImagePreprocessing.Parse("vgg")).Message;
        StringAssert.Contains(message, "'vgg'");
        foreach (string name in ImagePreprocessing.PresetNames)
            StringAssert.Contains(message, name);
    }

    [TestMethod]
    [DataRow(TensorLayout.Nchw, ChannelOrder.Rgb, new float[] { 1, 4, 2, 5, 3, 6 })]
    [DataRow(TensorLayout.Nchw, ChannelOrder.Bgr, new float[] { 3, 6, 2, 5, 1, 4 })]
    [DataRow(TensorLayout.Nhwc, ChannelOrder.Rgb, new float[] { 1, 2, 3, 4, 5, 6 })]
    [DataRow(TensorLayout.Nhwc, ChannelOrder.Bgr, new float[] { 3, 2, 1, 6, 5, 4 })]
    [DataRow(TensorLayout.Nchw, ChannelOrder.Grey, new float[] { 2, 5 })]
    [DataRow(TensorLayout.Nhwc, ChannelOrder.Grey, new float[] { 2, 5 })]
    public void LayoutAndChannelOrder(TensorLayout layout, ChannelOrder order, float[] expected)
    {
        ImagePreprocessing preprocessing = new() { Width = 2, Height = 1, Layout = layout, ChannelOrder = order };
        float[] numbers = new float[preprocessing.Length];
        preprocessing.Apply(DecodedImage.FromRgb(2, 1, [1, 2, 3, 4, 5, 6]), numbers);
        CollectionAssert.AreEqual(expected, numbers);
    }

    [TestMethod]
    public void WidePicturesGiveTheSameNumbersAsNarrowOnes()
    {
        // 19 columns: two whole vectors and a rest.
        ImagePreprocessing wide = ImagePreprocessing.ImageNet.WithSize(19, 1);
        float[] all = new float[wide.Length];
        byte[] rgb = [.. Enumerable.Range(0, 3 * 19).Select(i => (byte)(i * 37))];
        wide.Apply(DecodedImage.FromRgb(19, 1, rgb), all);
        float[] one = new float[3];
        for (int x = 0; x < 19; x++)
        {
            wide.WithSize(1, 1).Apply(DecodedImage.FromRgb(1, 1, rgb.AsSpan(3 * x, 3)), one);
            CollectionAssert.AreEqual(one, (float[])[all[x], all[19 + x], all[38 + x]]);
        }
    }

    [TestMethod]
    public void GreyIsPillowsLuma()
    {
        ImagePreprocessing grey = new() { Width = 4, Height = 1, ChannelOrder = ChannelOrder.Grey };
        float[] numbers = new float[4];
        grey.Apply(DecodedImage.FromRgb(4, 1, [255, 0, 0, 0, 255, 0, 0, 0, 255, 7, 7, 7]), numbers);
        CollectionAssert.AreEqual((float[])[76, 150, 29, 7], numbers);
    }

    [TestMethod]
    public void EqualityIsByContent()
    {
        ImagePreprocessing copy = ImagePreprocessing.ImageNet with { Mean = [0.485f, 0.456f, 0.406f] };
        Assert.AreEqual(ImagePreprocessing.ImageNet, copy);
        Assert.AreEqual(ImagePreprocessing.ImageNet.GetHashCode(), copy.GetHashCode());
        Assert.AreNotEqual(ImagePreprocessing.ImageNet, copy with { Mean = [0.485f, 0.456f, 0.407f] });
    }

    [TestMethod]
    public void EverySettingCountsInEqualityAndSurvivesJson()
    {
        ImagePreprocessing other = new()
        {
            Width = 3, Height = 5, ResizeMode = ResizeMode.Letterbox, CropFraction = 0.5f, Padding = 114, Interpolation = Interpolation.Bicubic,
            ChannelOrder = ChannelOrder.Bgr, Scale = 0.1f, Mean = [1, 2, 3], Std = [4, 5, 6], Layout = TensorLayout.Nhwc,
        };
        Assert.AreEqual(other, ImagePreprocessing.FromJson(other.ToJson()));
        foreach (PropertyInfo property in typeof(ImagePreprocessing).GetProperties().Where(p => p.CanWrite))
        {
            ImagePreprocessing changed = new();
            Assert.AreNotEqual(property.GetValue(changed), property.GetValue(other), property.Name);
            property.SetValue(changed, property.GetValue(other));
            Assert.AreNotEqual(new ImagePreprocessing(), changed, property.Name);
        }
    }

    [TestMethod]
    public void MeanDoesNotFollowTheCallersArray()
    {
        float[] mean = [1];
        ImagePreprocessing preprocessing = new() { Mean = mean };
        mean[0] = 2;
        Assert.AreEqual(1, preprocessing.Mean[0]);
    }

    [TestMethod]
    public void JsonIsReadable() => Assert.AreEqual(
        """{"width":224,"height":224,"resizeMode":"Stretch","cropFraction":1,"padding":0,"interpolation":"Bilinear","channelOrder":"Bgr","scale":1,"mean":[104,117,123],"std":[1],"layout":"Nchw"}""",
        ImagePreprocessing.Caffe.ToString());

    [TestMethod]
    public void SettingsThatJsonLeavesOutKeepTheirDefaults() => Assert.AreEqual(new ImagePreprocessing { Width = 5 }, ImagePreprocessing.FromJson("""{"width":5}"""));

    [TestMethod]
    [DataRow("""{"width":224,"gamma":2.2}""", "gamma")]
    [DataRow("""{"interpolation":"Lanczos"}""", "interpolation")]
    [DataRow("""{"std":[0]}""", "Std")]
    [DataRow("""{"mean":null}""", "mean")]
    [DataRow("null", "null")]
    [DataRow("[", "LineNumber: 0")]
    public void UnknownJsonIsRefused(string json, string named)
    {
        Model model = new(new Graph());
        model.Metadata[ImageModelMetadata.PreprocessingKey] = json;
        string message = Assert.ThrowsExactly<GraphException>(() => model.GetPreprocessing()).Message;
        StringAssert.Contains(message, ImageModelMetadata.PreprocessingKey);
        StringAssert.Contains(message, named);
    }

    [TestMethod]
    public void ErrorsListEverySettingOutOfRange()
    {
        ImagePreprocessing wrong = new() { Width = 0, CropFraction = 1.5f, Scale = float.NaN, Mean = [1, 2], Std = [1, 0, 1] };
        string message = Assert.ThrowsExactly<ArgumentException>(() => wrong.Apply(DecodedImage.FromRgb(1, 1, [1, 2, 3]), [])).Message;
        foreach (string part in (string[])["0×224", "CropFraction", "Scale", "Mean", "Std"])
            StringAssert.Contains(message, part);
    }

    [TestMethod]
    public void DestinationOfAnotherLengthIsRefused() => StringAssert.Contains(
        Assert.ThrowsExactly<ArgumentException>(() => new ImagePreprocessing { Width = 1, Height = 1 }.Apply(DecodedImage.FromRgb(1, 1, [1, 2, 3]), new float[4])).Message,
        "3 numbers");
}
