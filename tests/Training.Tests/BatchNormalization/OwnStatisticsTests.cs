using OnnxFineTune.Models;
using OnnxFineTune.Surgery;

namespace OnnxFineTune.Training.Tests;

/// <summary>Networks whose export stores equal tensors once.</summary>
[TestClass]
public sealed class OwnStatisticsTests
{
    private const float Rate = 0.05f;

    [TestMethod]
    [DataRow(true, BatchNormalizationMode.Batch)]
    [DataRow(false, BatchNormalizationMode.Batch)]
    [DataRow(true, BatchNormalizationMode.Frozen)]
    [DataRow(false, BatchNormalizationMode.Frozen)]
    public void SharedStatisticsAreTrainedAsOwnOnes(bool throughIdentity, BatchNormalizationMode mode)
    {
        Model own = NormalizedModels.ConvNet(3, 2), shared = Merged(own, throughIdentity);
        TrainingGraphOptions options = new() { BatchNormalization = mode };
        const string trained = "conv*,head*,norm1.scale,norm1.bias";
        Batch batch = BatchNormalizationTask.Pictures(8, 1);
        using StepGraphEngine expected = BatchNormalizationTask.Engine(own, trained, options), actual = BatchNormalizationTask.Engine(shared, trained, options);
        for (int step = 0; step < 3; step++)
            Assert.AreEqual(expected.TrainStep(batch, Rate).Loss, actual.TrainStep(batch, Rate).Loss);
        Assert.AreEqual(expected.Evaluate(batch).Loss, actual.Evaluate(batch).Loss);
        Assert.HasCount(expected.ExportParameters().Count, actual.ExportParameters());
        Model exported = TunedModel.Build(shared, actual.ExportParameters(), OutputKind.Values, [], null);
        float[] outputs = RuntimeSession.RunOnce(exported, new Dictionary<string, TensorData> { ["image"] = TensorData.FromFloats(batch.Inputs[0].ToArray(), 8, 1, 8, 8) }).Values.Single().ToFloats();
        foreach ((float output, float evaluated) in outputs.Zip(actual.Evaluate(batch).Outputs.ToArray()))
            Assert.AreEqual(evaluated, output, 1e-5f);
        if (throughIdentity)
            CollectionAssert.AreEquivalent(expected.ExportParameters().Keys.ToArray(), actual.ExportParameters().Keys.ToArray(), "under the names that the export gave");
    }

    [TestMethod]
    public void ANetworkWithOwnStatisticsStaysAsItIs()
    {
        Model model = NormalizedModels.ConvNet(3, 2);
        byte[] before = model.ToBytes();
        OwnStatistics.Run(model);
        CollectionAssert.AreEqual(before, model.ToBytes());
    }

    /// <summary>norm1.bias, which is 0, as the mean of both layers and norm1.scale, which is 1, as their variance: directly, or as PyTorch writes it. The second scale and bias are others.</summary>
    private static Model Merged(Model model, bool throughIdentity)
    {
        Model merged = model.Clone();
        Graph graph = merged.Graph;
        foreach (Node node in graph.Nodes.Where(n => n.OpType == "BatchNormalization").ToArray())
            foreach ((int index, string source) in new[] { (3, "norm1.bias"), (4, "norm1.scale") })
            {
                Value statistic = node.Inputs[index]!;
                string name = statistic.Name;
                node.SetInput(index, null);
                graph.RemoveInitializer(statistic);
                node.SetInput(index, throughIdentity ? graph.AddNode("Identity", [graph.Get(source)], [name], before: graph.Nodes[0]).Outputs[0] : graph.Get(source));
            }
        return merged;
    }
}
