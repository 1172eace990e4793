using OnnxFineTune.Inference;
using SkiaSharp;

namespace OnnxFineTune.Training.Tests;

[TestClass]
public sealed class ImageFolderTests
{
    private static readonly ImagePreprocessing Tiny = ImagePreprocessing.ZeroToOne.WithSize(4, 4);

    private static readonly byte[] Rubbish = [1, 2, 3, 4];

    [TestMethod]
    public void ClassesAndPicturesComeInOrdinalOrder()
    {
        using TestImages images = new TestImages().Add("b/2.png", SKColors.Blue).Add("b/10.png", SKColors.Blue).Add("B/1.png", SKColors.Red).Add("a/x/deep/1.png", SKColors.Green);
        ImageFolder folder = ImageFolder.Open(images.Path, Tiny);
        CollectionAssert.AreEqual(new[] { "B", "a", "b" }, folder.Labels.ToArray());
        CollectionAssert.AreEqual(new[] { images["B/1.png"], images["a/x/deep/1.png"], images["b/10.png"], images["b/2.png"] },
            Enumerable.Range(0, folder.Count).Select(folder.NameOf).ToArray());
        CollectionAssert.AreEqual(new int?[] { 0, 1, 2, 2 }, Enumerable.Range(0, folder.Count).Select(folder.ClassOf).ToArray());
        Assert.AreEqual("[3, 4, 4]", folder.InputShape.ToString());
    }

    [TestMethod]
    [DataRow("p.png", SKEncodedImageFormat.Png)]
    [DataRow("p.JPG", SKEncodedImageFormat.Jpeg)]
    [DataRow("p.webp", SKEncodedImageFormat.Webp)]
    [DataRow("p", SKEncodedImageFormat.Png)]
    public void PicturesBecomeInputs(string name, SKEncodedImageFormat format)
    {
        using TestImages images = new TestImages().Add($"red/{name}", SKColors.Red, format);
        ImageFolder folder = ImageFolder.Open(images.Path, Tiny);
        float[] input = new float[3 * 4 * 4];
        folder.Load(0, input);
        for (int i = 0; i < input.Length; i++)
            Assert.AreEqual(i < 16 ? 1f : 0f, input[i], 0.02f, $"element {i}");
    }

    [TestMethod]
    public void HiddenAndOtherFilesAreNotUsed()
    {
        using TestImages images = new TestImages().Add("a/1.png", SKColors.Red).AddFile("a/.DS_Store", Rubbish).Add("a/.hidden.png", SKColors.Red).Add("a/.thumbs/1.png", SKColors.Red)
            .AddFile("a/notes.txt", Rubbish).AddFile("LICENSE", Rubbish).Add(".cache/1.png", SKColors.Red);
        ImageFolder folder = ImageFolder.Open(images.Path, Tiny);
        Assert.AreEqual(1, folder.Count);
        CollectionAssert.AreEqual(new[] { "a" }, folder.Labels.ToArray());
    }

    public static IEnumerable<object[]> BadFolders() =>
    [
        ["missing", (TestImages i) => i, "gone", "no folder"],
        ["file", (TestImages i) => i.AddFile("gone", Rubbish), "gone", "is a file"],
        ["empty", (TestImages i) => i, ".", "is empty"],
        ["no classes", (TestImages i) => i.Add("1.png", SKColors.Red), ".", "no class folders. Put the pictures of each class into a folder"],
        ["class without pictures", (TestImages i) => i.Add("cat/1.png", SKColors.Red).AddFolder("dog").AddFile("owl/list.csv", Rubbish), ".", "The classes 'dog', 'owl'"],
        ["parts", (TestImages i) => i.Add("train/cat/1.png", SKColors.Red).Add("test/cat/1.png", SKColors.Red), ".", "look like parts of a data set"],
    ];

    [TestMethod, DynamicData(nameof(BadFolders))]
    public void BadFoldersAreClearErrors(string name, object make, string path, string expected)
    {
        using TestImages images = new();
        ((Func<TestImages, TestImages>)make)(images);
        DatasetException e = Assert.ThrowsExactly<DatasetException>(() => ImageFolder.Open(images[path], Tiny), name);
        StringAssert.Contains(e.Message, expected);
    }

    [TestMethod]
    [DataRow("a/1.png")]
    [DataRow("a/1.heic")]
    public void AnUnreadablePictureIsNamed(string name)
    {
        using TestImages images = new TestImages().AddFile(name, Rubbish);
        float[] input = new float[48];
        UnreadableExampleException skipped = Assert.ThrowsExactly<UnreadableExampleException>(() => ImageFolder.Open(images.Path, Tiny).Load(0, input));
        StringAssert.Contains(skipped.Message, images[name]);
        ImageFolder strict = ImageFolder.Open(images.Path, Tiny, new ImageFolderOptions { Strict = true });
        DatasetException stopped = Assert.ThrowsExactly<DatasetException>(() => strict.Load(0, input));
        StringAssert.Contains(stopped.Message, images[name]);
    }

    [TestMethod]
    public void APictureThatIsGoneIsUnreadable()
    {
        using TestImages images = new TestImages().Add("a/1.png", SKColors.Red);
        ImageFolder folder = ImageFolder.Open(images.Path, Tiny);
        File.Delete(images["a/1.png"]);
        Assert.ThrowsExactly<UnreadableExampleException>(() => folder.HashOf(0));
    }

    [TestMethod]
    public void PreparationFollowsThePreprocessing()
    {
        using TestImages images = new TestImages().Add("a/1.png", SKColors.Red);
        Assert.AreEqual(ImageFolder.Open(images.Path, Tiny).Preparation, ImageFolder.Open(images.Path, Tiny with { Width = 4 }).Preparation);
        Assert.AreNotEqual(ImageFolder.Open(images.Path, Tiny).Preparation, ImageFolder.Open(images.Path, Tiny with { ChannelOrder = ChannelOrder.Bgr }).Preparation);
    }
}
