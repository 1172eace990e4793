
namespace OnnxFineTune.Inference.Tests;

[TestClass]
public sealed class SqueezeNetTests
{
    [TestMethod]
    public void BothPrecisionsGiveTheSameProbabilities()
    {
        string model = Present.Shared("data/models/squeezenet_fp32.onnx");
        string halfModel = Present.Shared("data/models/squeezenet_fp16.onnx");
        string pictures = Present.Shared("data/autos-trucks/test/automobile");
        string[] files = [.. Directory.EnumerateFiles(pictures, "*.jpg").Order(StringComparer.Ordinal).Take(12)];
        PredictorOptions options = new() { Preprocessing = ImagePreprocessing.Caffe };
        using Predictor predictor = Predictor.Open(model, options);
        using Predictor halfPredictor = Predictor.Open(halfModel, options);
        IReadOnlyList<Prediction> predictions = predictor.PredictBatch(files);
        IReadOnlyList<Prediction> halfPredictions = halfPredictor.PredictBatch(files);
        for (int i = 0; i < files.Length; i++)
        {
            Assert.HasCount(1000, predictions[i].Probabilities);
            Assert.AreEqual(1, predictions[i].Probabilities.Sum(), 1e-4f);
            Assert.IsLessThan(0.02f, predictions[i].Probabilities.Zip(halfPredictions[i].Probabilities, (a, b) => Math.Abs(a - b)).Max(), files[i]);
        }
        Assert.IsGreaterThan(3, predictions.Select(p => p.Top.Index).Distinct().Count(), "different pictures look different");
    }
}
