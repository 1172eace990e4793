using OnnxFineTune.Inference;
using OnnxFineTune.Surgery;

namespace OnnxFineTune.Training.Tests;

/// <summary>SqueezeNet learns to tell cars from trucks on 1000 photographs, and is tested on 500 others.</summary>
[TestClass]
public sealed class AutosTrucksTests
{
    /// <summary>PyTorch's linear head on the same features: 0.921, the mean of five seeds from 0.914 to 0.932.</summary>
    private const double Required = 0.92;

    private static readonly int[] Seeds = [1, 2, 3];

    [TestMethod]
    public async Task AHeadAloneIsAsGoodAsPyTorchs() => Assert.IsGreaterThanOrEqualTo(Required, await MeanAccuracyAsync("squeezenet_fp32.onnx"));

    [TestMethod]
    public async Task AHeadAloneOnWeightsInHalfPrecisionIsAsGood() => Assert.IsGreaterThanOrEqualTo(Required, await MeanAccuracyAsync("squeezenet_fp16.onnx"));

    /// <summary>The mean over the seeds of the accuracy on the test pictures; features are computed for the first seed only.</summary>
    private static async Task<double> MeanAccuracyAsync(string model)
    {
        FineTuningOptions options = new()
        {
            Model = Present.Shared($"data/models/{model}"),
            Images = Present.Shared("data/autos-trucks/train"),
            Test = Present.Shared("data/autos-trucks/test"),
            Output = Directory.CreateTempSubdirectory("onnxft-autos-trucks-").FullName,
            Preprocessing = ImagePreprocessing.Parse("caffe"),
        };
        try
        {
            FeatureCacheOptions cache = new() { Folder = Path.Combine(options.Output, "features") };
            List<double> accuracies = [];
            foreach (int seed in Seeds)
            {
                FineTuningResult result = await FineTuning.RunAsync(options with
                {
                    Head = classes => new LinearHead(classes) { Seed = seed },
                    Trainer = new TrainerOptions { Seed = seed, Cache = cache },
                });
                accuracies.Add(result.Test!.Accuracy!.Value);
            }
            Console.WriteLine($"{model}: {string.Join(", ", accuracies)}");
            return accuracies.Average();
        }
        finally
        {
            Directory.Delete(options.Output, recursive: true);
        }
    }
}
