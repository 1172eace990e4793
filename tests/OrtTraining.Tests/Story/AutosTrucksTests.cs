using OnnxFineTune.Inference;
using OnnxFineTune.Surgery;
using OnnxFineTune.Training;

namespace OnnxFineTune.OrtTraining.Tests;

/// <summary>SqueezeNet learns to tell cars from trucks on the real training runtime: artifacts by the CLI, training, the parameters put back by the CLI, the test.</summary>
[TestClass]
public sealed class AutosTrucksTests
{
    private static string SqueezeNet => Present.Shared("data/models/squeezenet_fp32.onnx");

    /// <summary>A new head on features of 1000 pictures, as the default engine trains it in the same steps.</summary>
    [TestMethod]
    public async Task AHeadOnFeaturesIsAsGoodAsTheDefaultEngines()
    {
        using TemporaryFolder folder = new();
        string artifacts = Path.Combine(folder.Path, "artifacts");
        await CommandLine.SucceedAsync([.. Arguments(artifacts), "--from-features"]);
        Model model = HeadOn();
        ImageFolder pictures = Pictures("train", model);
        TrainingGraph graph = Graph(model, Trainable.Head, apart: true);
        (float[] features, int length) = Device.Features(Path.Combine(artifacts, ArtifactCreation.FrozenModelFile), pictures);
        using StepGraphEngine engine = new(graph, new StepGraphEngineOptions { Optimizer = new AdamW { WeightDecay = TrainerOptions.WeightDecayFor(Trainable.Head) }, Threads = 1 });
        IReadOnlyDictionary<string, TensorData> trained;
        using (RuntimeRun runtime = RuntimeRun.Open(graph, artifacts))
        {
            foreach (int[] examples in Enumerable.Range(0, 15).SelectMany(epoch => Order(pictures, 32, epoch)))
            {
                Batch batch = new(examples.Length, [examples.SelectMany(e => features[(e * length)..((e + 1) * length)]).ToArray()], Targets(pictures, examples));
                engine.TrainStep(batch, WasmTrainingSession.InitialRate);
                runtime.TrainStep(batch);
            }
            trained = runtime.Parameters();
        }
        Assert.IsGreaterThan(0.9, await EqualAccuracyAsync(model, engine, folder.Path, artifacts, trained));
    }

    /// <summary>All layers on pictures of full size, in as many steps as take seconds. Gradients of limited norm: see <see cref="Recipe.ForDeepNetworks"/>.</summary>
    [TestMethod]
    public async Task AllLayersOnPicturesAreAsGoodAsTheDefaultEngines()
    {
        const int steps = 30, batchSize = 4;
        using TemporaryFolder folder = new();
        string artifacts = Path.Combine(folder.Path, "artifacts");
        await CommandLine.SucceedAsync([.. Arguments(artifacts), "--trainable", "all", "--optimizer", "sgd", "--clip", "1"]);
        Model model = HeadOn();
        ImageFolder pictures = Pictures("train", model);
        TrainingGraph graph = Graph(model, Trainable.All, apart: false);
        using StepGraphEngine engine = new(graph, new StepGraphEngineOptions { Optimizer = new Sgd(), Clipping = new GradientClipping { MaxNorm = 1 }, Threads = 1 });
        IReadOnlyDictionary<string, TensorData> trained;
        using (RuntimeRun runtime = RuntimeRun.Open(graph, artifacts))
        {
            foreach (int[] examples in Order(pictures, batchSize, epoch: 0).Take(steps))
            {
                Batch batch = new(examples.Length, [Inputs(pictures, examples)], Targets(pictures, examples));
                engine.TrainStep(batch, WasmTrainingSession.InitialRate);
                runtime.TrainStep(batch);
            }
            trained = runtime.Parameters();
        }
        Comparison.AreEqual(engine.ExportParameters(), trained, "at the end");
        await EqualAccuracyAsync(model, engine, folder.Path, artifacts, trained);
    }

    private static string[] Arguments(string output) => ["artifacts", "--model", SqueezeNet, "--head", "linear:2", "--labels", "automobile,truck", "--preprocess", "caffe", "--out", output];

    private static Model HeadOn() => Model.Load(SqueezeNet).Edit().RemoveClassifier().Attach(new LinearHead(2)).Build();

    private static TrainingGraph Graph(Model model, Trainable trainable, bool apart) =>
        TrainingGraph.Build(model, new SoftmaxCrossEntropy(), trainable.Select(model).Select(p => p.Name), new TrainingGraphOptions { FrozenApart = apart });

    private static ImageFolder Pictures(string part, Model model) =>
        ImageFolder.Open(Present.Shared($"data/autos-trucks/{part}"), ImagePreprocessing.For(model, ImagePreprocessing.Parse("caffe")));

    private static IReadOnlyList<int[]> Order(ImageFolder pictures, int batchSize, int epoch) => EpochOrder.Shuffled([.. Enumerable.Range(0, pictures.Count)], batchSize, 0, epoch);

    private static float[] Inputs(ImageFolder pictures, int[] examples)
    {
        int length = (int)pictures.InputShape.ElementCount!.Value;
        float[] inputs = new float[examples.Length * length];
        for (int i = 0; i < examples.Length; i++)
            pictures.Load(examples[i], inputs.AsSpan(i * length, length));
        return inputs;
    }

    private static float[] Targets(ImageFolder pictures, int[] examples)
    {
        float[] targets = new float[examples.Length];
        for (int i = 0; i < examples.Length; i++)
            pictures.CopyTarget(examples[i], targets.AsSpan(i, 1));
        return targets;
    }

    /// <summary>Puts what the device has learned back into a model, and tests it beside the default engine's.</summary>
    /// <returns>Its accuracy on the test pictures.</returns>
    private static async Task<double> EqualAccuracyAsync(Model model, StepGraphEngine engine, string folder, string artifacts, IReadOnlyDictionary<string, TensorData> trained)
    {
        string checkpoint = Path.Combine(folder, "trained"), tuned = Path.Combine(folder, "tuned.onnx");
        Device.SaveCheckpoint(artifacts, trained, checkpoint);
        await CommandLine.SucceedAsync("export", "--artifacts", artifacts, "--checkpoint", checkpoint, "--out", tuned);
        ImageFolder test = Pictures("test", model);
        double expected = Accuracy(TunedModel.Build(model, engine.ExportParameters(), OutputKind.ClassLogits, test.Labels, test.Preprocessing)), actual = Accuracy(Model.Load(tuned));
        Console.WriteLine($"accuracy: {actual} on the real runtime, {expected} by the default engine");
        Assert.AreEqual(expected, actual, 0.01);
        return actual;
    }

    /// <summary>Of a model that carries its preprocessing, on the test pictures.</summary>
    private static double Accuracy(Model model) =>
        Evaluator.Evaluate(model, ImageFolder.Open(Present.Shared("data/autos-trucks/test"), ImagePreprocessing.For(model))).Accuracy!.Value;
}
