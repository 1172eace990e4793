using Microsoft.ML.OnnxRuntime;
using OnnxFineTune.Surgery;

namespace OnnxFineTune.Training.Tests;

[TestClass]
public sealed class CheckpointingTests
{
    private const int BatchSize = 4;

    [TestMethod]
    [DataRow(BatchNormalizationMode.Frozen)]
    [DataRow(BatchNormalizationMode.Batch)]
    public void SegmentsComputedAgainGiveTheSameTrainingWithTheSameDropout(BatchNormalizationMode normalization)
    {
        float[] kept = Losses(ActivationCheckpointing.None, normalization, out IReadOnlyDictionary<string, TensorData> keptParameters);
        float[] again = Losses(ActivationCheckpointing.Segments, normalization, out IReadOnlyDictionary<string, TensorData> againParameters);
        for (int i = 0; i < kept.Length; i++)
            Assert.AreEqual(kept[i], again[i], 1e-5, $"loss of step {i}");
        foreach ((string name, TensorData expected) in keptParameters)
            foreach ((float e, float a) in expected.ToFloats().Zip(againParameters[name].ToFloats()))
                Assert.AreEqual(e, a, 1e-5, name);
    }

    /// <summary>Equal nodes would be merged, and the copies run with the forward pass: then nothing would be saved.</summary>
    [TestMethod]
    [DataRow(null)]
    [DataRow(BatchSize)]
    public void TheRuntimeKeepsTheCopiesAndRunsThemLate(int? fixedBatch)
    {
        string[] order = NodesAsRun(DeepNetwork.Build(batch: fixedBatch));
        int[] copies = [.. Indices(order, n => n.Contains("again/", StringComparison.Ordinal) && n.Contains("Conv", StringComparison.Ordinal))];
        int loss = Array.FindIndex(order, n => n.StartsWith("loss/", StringComparison.Ordinal));
        Assert.IsGreaterThanOrEqualTo(DeepNetwork.Blocks / 2, copies.Length, string.Join('\n', order));
        Assert.IsGreaterThan(loss, copies[0]);
        int[] gradients = [.. Indices(order, n => n.StartsWith("grad/", StringComparison.Ordinal))];
        Assert.IsTrue(gradients.Any(g => g > copies[0] && g < copies[^1]), "one segment after the other, each when its gradient arrives");
    }

    [TestMethod]
    public void AnActivationOfSeveralNodesIsComputedAgainWhereItIsLarge()
    {
        const int large = 56;
        TrainingGraph graph = Build(DeepNetwork.Build(large, gelu: true), ActivationCheckpointing.None), small = Build(DeepNetwork.Build(gelu: true), ActivationCheckpointing.None);
        Node[] erfs = [.. graph.Training.Graph.Nodes.Where(n => n.OpType == "Erf")];
        Assert.HasCount(DeepNetwork.Blocks, erfs, "each once in the forward and once in the backward pass");
        foreach (Node forward in erfs.Where(n => !n.Outputs[0]!.Name.Contains("again/", StringComparison.Ordinal)))
            Assert.HasCount(1, forward.Outputs[0]!.Uses, "nothing but the forward pass reads it");
        Assert.IsFalse(small.Training.Graph.Nodes.Any(n => n.Name.Contains("again/", StringComparison.Ordinal)));
        GradientCheckResult check = GradientCheck.Run(graph, Feeds(graph, large));
        Assert.IsTrue(check.Passed, check.ToString());
    }

    [TestMethod]
    public void OneShortSegmentIsLeftAlone()
    {
        TrainingGraph graph = TrainingGraph.Build(Models.TrainingModels.Linear(6, 3), new SoftmaxCrossEntropy(), ["head.weight"], new TrainingGraphOptions { Checkpointing = ActivationCheckpointing.Segments });
        Assert.IsFalse(graph.Training.Graph.Nodes.Any(n => n.Name.Contains("again/", StringComparison.Ordinal)));
    }

    private static TrainingGraph Build(Model model, ActivationCheckpointing checkpointing, BatchNormalizationMode normalization = BatchNormalizationMode.Frozen, bool dropout = false) =>
        TrainingGraph.Build(model, new SoftmaxCrossEntropy(), Trainable.All.Select(model).Select(p => p.Name),
            new TrainingGraphOptions { Checkpointing = checkpointing, BatchNormalization = normalization, Dropout = dropout });

    private static float[] Losses(ActivationCheckpointing checkpointing, BatchNormalizationMode normalization, out IReadOnlyDictionary<string, TensorData> parameters)
    {
        TrainingGraph graph = Build(DeepNetwork.Build(), checkpointing, normalization, dropout: true);
        Assert.AreEqual(checkpointing == ActivationCheckpointing.Segments, graph.Training.Graph.Nodes.Any(n => n.Outputs[0]!.Name.Contains("again/", StringComparison.Ordinal)));
        using StepGraphEngine engine = new(graph, new StepGraphEngineOptions { Optimizer = new Sgd { Momentum = 0.9 }, Threads = 1 });
        Batch batch = DeepNetwork.Pictures(BatchSize);
        float[] losses = [.. Enumerable.Range(0, 4).Select(_ => engine.TrainStep(batch, 0.02f).Loss)];
        parameters = engine.ExportParameters();
        return losses;
    }

    private static Dictionary<string, TensorData> Feeds(TrainingGraph graph, int size)
    {
        Batch batch = DeepNetwork.Pictures(BatchSize, size);
        Dictionary<string, TensorData> feeds = graph.Parameters.ToDictionary(p => p.Name, p => p.Initial);
        feeds[graph.Features[0].Name] = TensorData.FromFloats(batch.Inputs[0].ToArray(), BatchSize, 6, size, size);
        feeds[graph.Targets.Name] = TensorData.Vector([.. batch.Targets.ToArray().Select(t => (long)t)]);
        return feeds;
    }

    /// <summary>The nodes of a step in the order in which the runtime runs them, by its profile.</summary>
    private static string[] NodesAsRun(Model model)
    {
        TrainingGraph graph = Build(model, ActivationCheckpointing.Segments);
        StepGraph step = StepGraph.Build(graph, new Sgd(), null, new Dictionary<string, float>());
        Dictionary<string, TensorData> feeds = Feeds(graph, 8);
        foreach (ParameterGroup group in step.Groups.Where(g => g.IsShared))
            feeds[group.Name] = TensorData.FromFloats(new float[group.Length], group.Length);
        foreach (string coefficient in step.Coefficients)
            feeds[coefficient] = TensorData.Scalar(0f);
        using SessionOptions options = EngineSession.Options(1, small: false);
        options.EnableProfiling = true;
        options.ProfileOutputPathPrefix = Path.Combine(Path.GetTempPath(), $"checkpointing-{Guid.NewGuid():N}");
        Dictionary<string, OrtValue> inputs = feeds.ToDictionary(f => f.Key, f => f.Value.ToOrtValue());
        using InferenceSession session = RuntimeSession.Open(step.Model, options);
        using RunOptions run = new();
        session.Run(run, inputs, session.OutputNames).Dispose();
        string profile = session.EndProfiling();
        using System.Text.Json.JsonDocument events = System.Text.Json.JsonDocument.Parse(File.ReadAllBytes(profile));
        File.Delete(profile);
        foreach (OrtValue input in inputs.Values)
            input.Dispose();
        return [.. events.RootElement.EnumerateArray().Select(e => e.GetProperty("name").GetString()!).Where(n => n.EndsWith("_kernel_time", StringComparison.Ordinal))];
    }

    private static IEnumerable<int> Indices(string[] names, Func<string, bool> isWanted) => Enumerable.Range(0, names.Length).Where(i => isWanted(names[i]));
}
