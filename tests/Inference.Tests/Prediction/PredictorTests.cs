using OnnxFineTune.Models;
using OnnxFineTune.Surgery;
using SkiaSharp;

namespace OnnxFineTune.Inference.Tests;

[TestClass]
public sealed class PredictorTests
{
    // Logits of a picture: its red, green and blue as 0…1.
    private static readonly PredictorOptions ZeroToOne = new() { Preprocessing = ImagePreprocessing.ZeroToOne };
    private static readonly string[] Colors = ["red", "green", "blue"];

    public static IEnumerable<object[]> Endings =>
    [
        ["logits", null!, (float[])[0.5761169f, 0.2119416f, 0.2119416f]],
        ["Softmax", (GraphBuilder b, Value x) => b.Softmax(x), (float[])[0.5761169f, 0.2119416f, 0.2119416f]],
        ["LogSoftmax", (GraphBuilder b, Value x) => b.LogSoftmax(x), (float[])[0.5761169f, 0.2119416f, 0.2119416f]],
        ["Sigmoid", (GraphBuilder b, Value x) => b.Op("Sigmoid", [x]), (float[])[0.7310586f, 0.5f, 0.5f]],
        ["Softmax, then moved about", (GraphBuilder b, Value x) => b.Op("Identity", [b.Flatten(b.Reshape(b.Softmax(x), 0, 3, 1, 1))]), (float[])[0.5761169f, 0.2119416f, 0.2119416f]],
        ["logits [N, C, 1, 1]", (GraphBuilder b, Value x) => b.Reshape(x, 0, 3, 1, 1), (float[])[0.5761169f, 0.2119416f, 0.2119416f]],
    ];

    [TestMethod, DynamicData(nameof(Endings))]
    public void OutputsBecomeProbabilities(string name, Func<GraphBuilder, Value, Value>? ending, float[] expected)
    {
        using Predictor predictor = Predictor.Open(ColorClassifier.Build(ending: ending), ZeroToOne);
        Prediction prediction = predictor.Predict(Picture(255, 0, 0));
        for (int i = 0; i < 3; i++)
            Assert.AreEqual(expected[i], prediction.Probabilities[i], 1e-6f, name);
    }

    [TestMethod]
    public void AnActivationCanBeChosen()
    {
        using Predictor predictor = Predictor.Open(ColorClassifier.Build(), ZeroToOne with { Activation = ScoreActivation.Sigmoid });
        Assert.AreEqual(0.7310586f, predictor.Predict(Picture(255, 0, 0)).Probabilities[0], 1e-6f);
    }

    [TestMethod]
    public void OneLogitIsOneProbability()
    {
        Model model = ColorClassifier.Build(ending: (b, x) => b.Slice(x, 1, 0, 1));
        using Predictor predictor = Predictor.Open(model, ZeroToOne);
        Assert.AreEqual(0.7310586f, predictor.Predict(Picture(255, 0, 0)).Probabilities.Single(), 1e-6f);
    }

    [TestMethod]
    public void LabelsAndPreprocessingComeFromTheModelsFile()
    {
        string folder = Directory.CreateTempSubdirectory().FullName;
        try
        {
            Model model = ColorClassifier.Build();
            model.SetLabels(Colors);
            model.SetPreprocessing(ImagePreprocessing.ZeroToOne.WithSize(2, 2) with { Scale = 10f / 255 });
            model.Save(Path.Combine(folder, "colors.onnx"));
            string picture = Path.Combine(folder, "green.png");
            File.WriteAllBytes(picture, Pictures.Blocks(SKEncodedImageFormat.Png, 1, 5, new SKColor(0, 255, 0)));
            using Predictor predictor = Predictor.Open(Path.Combine(folder, "colors.onnx"));
            Prediction prediction = predictor.Predict(picture);
            Assert.AreEqual("green", prediction.Top.Label);
            Assert.AreEqual("green 100.0 %, red 0.0 %, blue 0.0 %", prediction.ToString());
            CollectionAssert.AreEqual((int[])[1, 0, 2], prediction.Ranking.Select(c => c.Index).ToArray());
            using FileStream stream = File.OpenRead(picture);
            CollectionAssert.AreEqual(prediction.Probabilities.ToArray(), predictor.Predict(stream).Probabilities.ToArray());
            CollectionAssert.AreEqual(prediction.Probabilities.ToArray(), predictor.Predict(File.ReadAllBytes(picture)).Probabilities.ToArray());
        }
        finally
        {
            Directory.Delete(folder, recursive: true);
        }
    }

    [TestMethod]
    public void ClassesWithoutLabelsAreNumbered()
    {
        using Predictor predictor = Predictor.Open(ColorClassifier.Build(), ZeroToOne);
        Assert.AreEqual("class 2", predictor.Predict(Picture(0, 0, 9)).Top.Label);
    }

    [TestMethod]
    [DataRow(null)]
    [DataRow(1)]
    [DataRow(4)]
    public void BatchesOfAnySizeGiveTheSameAsSinglePictures(int? batch)
    {
        using Predictor predictor = Predictor.Open(ColorClassifier.Build(batch), ZeroToOne with { BatchSize = 3, Labels = Colors });
        DecodedImage[] images = [.. Enumerable.Range(0, 10).Select(i => Picture((byte)(20 * i), (byte)(100 + i), (byte)(250 - 20 * i)))];
        IReadOnlyList<Prediction> predictions = predictor.PredictBatch(images);
        for (int i = 0; i < images.Length; i++)
            CollectionAssert.AreEqual(predictor.Predict(images[i]).Probabilities.ToArray(), predictions[i].Probabilities.ToArray(), $"picture {i}");
        Assert.AreEqual("blue", predictions[0].Top.Label);
        Assert.AreEqual("red", predictions[9].Top.Label);
        Assert.IsEmpty(predictor.PredictBatch(Array.Empty<DecodedImage>()));
    }

    [TestMethod]
    public void Float16ModelsAreFedAndRead()
    {
        using Predictor predictor = Predictor.Open(ColorClassifier.Build(type: ElementType.Float16), ZeroToOne);
        Assert.AreEqual(0.5761169f, predictor.Predict(Picture(255, 0, 0)).Probabilities[0], 1e-3f);
    }

    [TestMethod]
    public void ThreadsShareAPredictor()
    {
        using Predictor predictor = Predictor.Open(ColorClassifier.Build(), ZeroToOne with { Threads = 1 });
        DecodedImage[] images = [.. Enumerable.Range(0, 32).Select(i => Picture((byte)(8 * i), 100, (byte)(250 - 8 * i)))];
        float[][] expected = [.. images.Select(i => predictor.Predict(i).Probabilities.ToArray())];
        Parallel.For(0, 320, i => CollectionAssert.AreEqual(expected[i % 32], predictor.Predict(images[i % 32]).Probabilities.ToArray()));
    }

    [TestMethod]
    [DataRow(2)]
    [DataRow(4)]
    public void AWrongNumberOfLabelsIsRefused(int count)
    {
        PredictorOptions options = new() { Labels = [.. Enumerable.Range(0, count).Select(i => $"l{i}")] };
        StringAssert.Contains(Assert.ThrowsExactly<GraphException>(() => Predictor.Open(ColorClassifier.Build(), options)).Message, $"3 classes apart, but there are {count} labels");
    }

    [TestMethod]
    public void AModelThatIsNoClassifierIsRefused()
    {
        Model map = ColorClassifier.Build(ending: (b, x) => b.Op("Resize", [b.Reshape(x, 0, 3, 1, 1), null, b.Constant(TensorData.FromFloats([1, 1, 2, 2], 4))]));
        StringAssert.Contains(Assert.ThrowsExactly<GraphException>(() => Predictor.Open(map)).Message, "no image classifier: its output 'scores'");
        Model index = ColorClassifier.Build(ending: (b, x) => b.ArgMax(x, 1));
        StringAssert.Contains(Assert.ThrowsExactly<GraphException>(() => Predictor.Open(index)).Message, "holds no scores");
        Model scalar = ColorClassifier.Build(ending: (b, x) => b.ReduceSum(x, [], keepDims: false));
        StringAssert.Contains(Assert.ThrowsExactly<GraphException>(() => Predictor.Open(scalar)).Message, "no image classifier");
    }

    [TestMethod]
    public void OptionsOutOfRangeAreRefused()
    {
        Assert.ThrowsExactly<ArgumentException>(() => Predictor.Open(ColorClassifier.Build(), new PredictorOptions { BatchSize = 0 }));
        Assert.ThrowsExactly<ArgumentException>(() => Predictor.Open(ColorClassifier.Build(), new PredictorOptions { Threads = -1 }));
    }

    [TestMethod]
    public void AnUnreadablePictureInABatchIsNamed()
    {
        string folder = Directory.CreateTempSubdirectory().FullName;
        try
        {
            string good = Path.Combine(folder, "good.bmp"), bad = Path.Combine(folder, "bad.jpg");
            File.WriteAllBytes(good, Pictures.Bmp);
            File.WriteAllText(bad, "not a picture");
            using Predictor predictor = Predictor.Open(ColorClassifier.Build());
            StringAssert.Contains(Assert.ThrowsExactly<ImageFormatException>(() => predictor.PredictBatch([good, bad, good])).Message, $"'{bad}'");
            Assert.HasCount(2, predictor.PredictBatch([good, good]), "a predictor works on after an error");
            Assert.ThrowsExactly<FileNotFoundException>(() => predictor.Predict(Path.Combine(folder, "absent.png")));
        }
        finally
        {
            Directory.Delete(folder, recursive: true);
        }
    }

    private static DecodedImage Picture(byte red, byte green, byte blue) => DecodedImage.FromRgb(1, 1, [red, green, blue]);
}
