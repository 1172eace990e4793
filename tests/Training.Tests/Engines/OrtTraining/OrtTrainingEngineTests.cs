using OnnxFineTune.Models;
using OnnxFineTune.Surgery;

namespace OnnxFineTune.Training.Tests;

[TestClass]
public sealed class OrtTrainingEngineTests
{
    private const float Rate = EngineComparison.Rate;

    public static IEnumerable<object[]> Tasks => EngineTask.All.Select(t => new object[] { t });

    public static IEnumerable<object[]> TasksWithoutDropout => EngineTask.All.Where(t => !t.Name.Contains("Dropout")).Select(t => new object[] { t });

    private static EngineTask Linear => EngineTask.All[0];

    [TestMethod, DynamicData(nameof(Tasks))]
    public void FiftyStepsAreThoseOfTheDefaultEngine(EngineTask task)
    {
        using StepGraphEngine expected = task.StepGraph();
        using OrtTrainingEngine actual = task.OrtTraining();
        EngineComparison.Compare(expected, actual, task, 50);
        Assert.AreEqual(50, actual.Step);
    }

    /// <summary>Two numbers of tokens → their frozen embeddings → a trained layer, against the same with each token as a one-hot row.</summary>
    [TestMethod]
    [DataRow(ElementType.Int64)]
    [DataRow(ElementType.Int32)]
    public void InputsOfIntegersAreFedAsSuch(ElementType type)
    {
        const int Tokens = 5, Width = 4;
        int[] ids = [0, 1, 2, 3, 4, 0, 1, 1];
        float[] targets = [0, 1, 1, 0], oneHot = [.. ids.SelectMany(id => Enumerable.Range(0, Tokens).Select(t => t == id ? 1f : 0f))];
        TrainingGraph Graph(bool tokens)
        {
            GraphBuilder op = new(new Graph());
            Value weights = op.Graph.AddInitializer("embedding", TensorData.FromFloats(TrainingModels.Numbers(Tokens * Width, 1), Tokens, Width));
            Value head = op.Graph.AddInitializer("head", TensorData.FromFloats(TrainingModels.Numbers(2 * Width * 2, 2), 2 * Width, 2));
            Dimension batch = Dimension.Named("batch");
            Value embedded = tokens ? op.Gather(weights, op.Graph.AddInput("ids", type, new Shape(batch, 2))) : op.MatMul(op.Graph.AddInput("rows", ElementType.Float, new Shape(batch, 2, Tokens)), weights);
            Value logits = op.MatMul(op.Reshape(embedded, -1, 2 * Width), head);
            logits.Shape = new Shape(batch, 2);
            op.Graph.AddOutput(logits);
            return TrainingGraph.Build(new Model(op.Graph) { Opset = GraphBuilder.WorkingOpset }, new SoftmaxCrossEntropy(), ["head"], new TrainingGraphOptions { FrozenApart = false });
        }
        using StepGraphEngine expected = new(Graph(tokens: false), new StepGraphEngineOptions { Threads = 1 });
        using OrtTrainingEngine actual = new(Graph(tokens: true), new OrtTrainingEngineOptions { AccumulationSteps = 3 }, f => new SimulatedTrainingSession(f));
        for (int step = 0; step < 20; step++)
            Assert.AreEqual(expected.TrainStep(new Batch(4, [oneHot], targets), Rate).Loss, actual.TrainStep(new Batch(4, [Array.ConvertAll(ids, i => (float)i)], targets), Rate).Loss, 1e-5, $"step {step}");
        EngineComparison.AreEqual(expected.ExportParameters(), actual.ExportParameters(), 1e-5);
    }

    [TestMethod, DynamicData(nameof(TasksWithoutDropout))]
    public void MicroBatchesAddUpToTheirUnion(EngineTask task)
    {
        using OrtTrainingEngine expected = task.OrtTraining(), actual = task.OrtTraining(accumulationSteps: 4);
        EngineComparison.Compare(expected, actual, task, 50);          // of 4·4, of 2 + 2 + 2 + 1, and of a single example
    }

    [TestMethod]
    public void TheScheduleOfTheRuntimeSetsTheRates()
    {
        float[] expected = [0, 0.05f, 0.1f, 0.1f * 2 / 3, 0.1f / 3, 0];
        using OrtTrainingEngine scheduled = Linear.OrtTraining(), given = Linear.OrtTraining();
        string path = Path.Combine(Directory.CreateTempSubdirectory("onnxft-test-").FullName, "third");
        Assert.ThrowsExactly<InvalidOperationException>(() => scheduled.TrainStep(Linear.Batches[0]));
        scheduled.RegisterLinearSchedule(2, 5, 0.1f);
        for (int step = 0; step < expected.Length; step++)
        {
            if (step == 3)
            {
                scheduled.SaveCheckpoint(path);
                scheduled.LoadCheckpoint(path);
            }
            scheduled.TrainStep(Linear.Batches[0]);
            given.TrainStep(Linear.Batches[0], expected[step]);
            EngineComparison.AreEqual(given.ExportParameters(), scheduled.ExportParameters(), 1e-6);
        }
        Assert.ThrowsExactly<InvalidOperationException>(() => scheduled.TrainStep(Linear.Batches[0], 0.1f));
        Assert.ThrowsExactly<InvalidOperationException>(() => scheduled.RegisterLinearSchedule(0, 5, 0.1f));
        Assert.ThrowsExactly<ArgumentException>(() => given.RegisterLinearSchedule(6, 5, 0.1f));
        Directory.Delete(Path.GetDirectoryName(path)!, recursive: true);
    }

    [TestMethod]
    public void OptionsAreCheckedAllAtOnce()
    {
        OrtTrainingEngineOptions wrong = new() { Optimizer = new Sgd { Momentum = 0.9 }, Clipping = new GradientClipping { MaxNorm = 0 }, AccumulationSteps = 0, Threads = -1 };
        Assert.HasCount(4, wrong.Validate());
        ArgumentException e = Assert.ThrowsExactly<ArgumentException>(() => new OrtTrainingEngine(Linear.Graph(), wrong, _ => throw new InvalidOperationException()));
        foreach (string name in new[] { "momentum", "MaxNorm", "AccumulationSteps", "Threads" })
            StringAssert.Contains(e.Message, name);
        Assert.IsEmpty(new OrtTrainingEngineOptions().Validate());
    }

    [TestMethod]
    public void TheTemporaryFolderIsRemoved()
    {
        string? folder = null;
        OrtTrainingEngine engine = Linear.OrtTraining(open: f => new SimulatedTrainingSession(folder = f));
        Assert.IsTrue(Directory.Exists(folder));
        engine.ExportState();
        engine.Dispose();
        engine.Dispose();
        Assert.IsFalse(Directory.Exists(folder));
        Assert.ThrowsExactly<NotSupportedException>(() => Linear.OrtTraining(open: f => throw new NotSupportedException(folder = f)));
        Assert.IsFalse(Directory.Exists(folder), "nor does a failed opening leave it");
    }
}
