using OnnxFineTune.Surgery;

namespace OnnxFineTune.Training.Tests;

[TestClass]
public sealed class ExecutionOrderTests
{
    [TestMethod]
    public void UpdatesOfTheLastLayersStandLastAndEachNodeBehindThoseItReads()
    {
        Model model = DeepNetwork.Build(56);
        TrainingGraph graph = TrainingGraph.Build(model, new SoftmaxCrossEntropy(), Trainable.All.Select(model).Select(p => p.Name));
        StepGraph step = StepGraph.Build(graph, new Sgd(), null, new Dictionary<string, float>());
        Dictionary<Node, int> positions = step.Model.Graph.Nodes.Select((n, i) => (n, i)).ToDictionary(p => p.n, p => p.i);
        foreach (Node node in positions.Keys)
            foreach (Value input in node.Inputs.OfType<Value>().Where(i => i.Producer is not null))
                Assert.IsLessThan(positions[node], positions[input.Producer!], $"{node} reads '{input.Name}'");
        int[] updates = [.. Enumerable.Range(0, DeepNetwork.Blocks).Select(i => positions[step.Model.Graph.Get(StepGraph.NextName($"conv{i}.weight")).Producer!])];
        CollectionAssert.AreEqual(updates.Order().ToArray(), updates);
    }

    [TestMethod]
    public void ParametersOfLayersWithLargeActivationsAreUpdatedAlone()
    {
        Assert.AreEqual("head.weight,head.bias", Shared(DeepNetwork.Build(56)));
        StringAssert.Contains(Shared(DeepNetwork.Build(8)), "conv0.bias");
    }

    private static string Shared(Model model)
    {
        TrainingGraph graph = TrainingGraph.Build(model, new SoftmaxCrossEntropy(), Trainable.All.Select(model).Select(p => p.Name));
        return string.Join(',', ParameterGroup.Of(graph, new Dictionary<string, float>()).Where(g => g.IsShared).SelectMany(g => g.Parameters).Select(p => p.Name));
    }
}
