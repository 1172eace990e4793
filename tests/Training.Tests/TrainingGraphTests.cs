using OnnxFineTune.Models;
using OnnxFineTune.Surgery;

namespace OnnxFineTune.Training.Tests;

[TestClass]
public sealed class TrainingGraphTests
{
    private static readonly SoftmaxCrossEntropy Loss = new();

    [TestMethod]
    public void LayersBeforeTheHeadAreFrozen()
    {
        TrainingGraph graph = TrainingGraph.Build(TrainingModels.Mlp(12, 16, 4), Loss, ["head.weight", "head.bias"]);
        CollectionAssert.AreEqual(new[] { "Gemm", "Relu" }, graph.Frozen!.Graph.Nodes.Select(n => n.OpType).ToArray());
        Assert.AreEqual(graph.Frozen.Graph.Outputs[0].Name, graph.Features.Single().Name);
        Assert.AreEqual("[batch, 16]", graph.Features[0].Shape!.ToString());
        Assert.IsNull(graph.Training.Graph.Find("body.weight"));
        CollectionAssert.AreEqual(new[] { "head.weight_grad", "head.bias_grad" }, graph.Parameters.Select(p => p.Gradient.Name).ToArray());
        CollectionAssert.AreEqual(new[] { graph.Loss, graph.Output, graph.Parameters[0].Gradient, graph.Parameters[1].Gradient }, graph.Training.Graph.Outputs.ToArray());
    }

    [TestMethod]
    public void DropoutBeforeTheHeadIsTrainedWith()
    {
        TrainingGraph graph = TrainingGraph.Build(TrainingModels.Mlp(12, 16, 4, dropout: 0.5f), Loss, ["head.weight", "head.bias"]);
        Assert.IsFalse(graph.Frozen!.Graph.Nodes.Any(n => n.OpType == "Dropout"));
        CollectionAssert.AreEqual(new[] { graph.Features[0], graph.Targets, graph.DropoutStep, graph.Parameters[0].Value, graph.Parameters[1].Value }, graph.Training.Graph.FeedInputs.ToArray());
        Assert.HasCount(1, graph.DropoutStep!.Uses, "active in training");
        Assert.IsNull(graph.Evaluation.Graph.Nodes.SingleOrDefault(n => n.OpType == "Dropout")?.Input(2), "inference mode");
        Assert.IsNull(graph.Evaluation.Graph.Find(graph.DropoutStep.Name));
    }

    [TestMethod]
    public void AGraphThatBeginsAtTheInputsHoldsTheFrozenLayersToo()
    {
        TrainingGraph apart = TrainingGraph.Build(TrainingModels.Mlp(12, 16, 4), Loss, ["head.weight", "head.bias"]);
        TrainingGraph whole = TrainingGraph.Build(TrainingModels.Mlp(12, 16, 4), Loss, ["head.weight", "head.bias"], new TrainingGraphOptions { FrozenApart = false });
        Assert.IsNull(whole.Frozen);
        Assert.AreEqual("x", whole.Features.Single().Name);
        CollectionAssert.AreEqual(new[] { "body.weight", "body.bias" }, whole.FrozenParameters.ToArray());
        Assert.HasCount(0, apart.FrozenParameters);
        CollectionAssert.AreEqual(apart.Parameters.Select(p => p.Gradient.Name).ToArray(), whole.Parameters.Select(p => p.Gradient.Name).ToArray());
    }

    [TestMethod]
    public void DropoutWithinFrozenLayersStaysOff()
    {
        TrainingGraph graph = TrainingGraph.Build(TwoDropouts(), Loss, ["head.weight"], new TrainingGraphOptions { FrozenApart = false });
        Assert.AreEqual("frozen_dropout", graph.Training.Graph.Nodes.Single(n => n.OpType == "Dropout").Outputs[0]!.Name);
        Assert.IsNotNull(graph.DropoutStep);
    }

    [TestMethod]
    public void AModelMayEndInDropout()
    {
        Model model = TrainingModels.Linear(6, 3);
        GraphBuilder op = new(model.Graph);
        model.Graph.SetOutputs(op.Dropout(model.Graph.Outputs[0], op.Scalar(0.25), null));
        TrainingGraph graph = TrainingGraph.Build(model.ToWorkingForm(), Loss, ["head.weight"]);
        Assert.AreSame(graph.Output, graph.Training.Graph.Outputs[1]);
        using StepGraphEngine engine = new(graph);
        Batch batch = new(64, [TrainingModels.Numbers(64 * 6, 1)], new float[64]);
        float[] dropped = engine.TrainStep(batch, 0).Outputs.ToArray(), all = engine.Evaluate(batch).Outputs.ToArray();
        Assert.AreEqual(0.25, dropped.Count(y => y == 0) / (double)dropped.Length, 0.12);
        for (int i = 0; i < all.Length; i++)
            Assert.AreEqual(dropped[i] == 0 ? 0 : all[i] / 0.75, dropped[i], 1e-5);
    }

    [TestMethod]
    public void NothingIsFrozenWhenTheFirstLayerIsTrained()
    {
        TrainingGraph graph = TrainingGraph.Build(TrainingModels.Mlp(12, 16, 4), Loss, ["body.bias"]);
        Assert.IsNull(graph.Frozen);
        Assert.AreEqual("x", graph.Features.Single().Name);
        Assert.IsTrue(graph.Training.Graph.Find("head.weight")!.IsInitializer, "what is not trained stays constant");
    }

    [TestMethod]
    public void ShapeArithmeticStaysWithTheTrainedLayers()
    {
        TrainingGraph graph = TrainingGraph.Build(TrainingModels.ConvNet(4, 3), Loss, ["head.weight"]);
        Value feature = graph.Features.Single();
        Assert.AreEqual(ElementType.Float, feature.ElementType);
        Assert.IsTrue(graph.Frozen!.Graph.Nodes.Any(n => n.OpType == "Conv"));
        Assert.IsFalse(graph.Training.Graph.Nodes.Any(n => n.OpType == "Conv"));
    }

    [TestMethod]
    public void FeaturesThroughTheTrainedPartGiveTheModelsOutput()
    {
        Model model = TrainingModels.ConvNet(4, 3);
        TrainingGraph graph = TrainingGraph.Build(model, Loss, ["head.weight", "head.bias"]);
        float[] images = TrainingModels.Numbers(3 * 64, 4);
        using FeatureExtractor extractor = new(graph, 1);
        using StepGraphEngine engine = new(graph, new StepGraphEngineOptions { Threads = 1 });
        IReadOnlyList<ReadOnlyMemory<float>> features = extractor.Extract(images, 3);
        float[] actual = engine.Evaluate(new Batch(3, features, new float[3])).Outputs.ToArray();
        float[] expected = RuntimeSession.RunOnce(model, new Dictionary<string, TensorData> { ["image"] = TensorData.FromFloats(images, 3, 1, 8, 8) })
            .Values.Single().ToFloats();
        for (int i = 0; i < expected.Length; i++)
            Assert.AreEqual(expected[i], actual[i], 1e-5);
        Assert.ThrowsExactly<ArgumentException>(() => extractor.Extract(images, 2));
    }

    [TestMethod]
    public void TheHashOfTheFrozenPartFollowsItsWeightsOnly()
    {
        static ContentHash Hash(int seed, string head) => ModelHash.Of(TrainingGraph.Build(TrainingModels.Mlp(6, 5, 2, seed: seed), Loss, [head]).Frozen!);

        Assert.AreEqual(Hash(1, "head.weight"), Hash(1, "head.bias"));
        Assert.AreNotEqual(Hash(1, "head.weight"), Hash(2, "head.weight"));
    }

    [TestMethod]
    public void ALossWithoutAGradientOfItsOwnGetsItFromTheRules()
    {
        TrainingGraph closed = TrainingGraph.Build(TrainingModels.Linear(6, 3), new MeanSquaredError(), ["head.weight"]);
        TrainingGraph ruled = TrainingGraph.Build(TrainingModels.Linear(6, 3), new RuledSquaredError(), ["head.weight"]);
        Dictionary<string, TensorData> feeds = new()
        {
            ["x"] = TensorData.FromFloats(TrainingModels.Numbers(24, 1), 4, 6),
            ["targets"] = TensorData.FromFloats(TrainingModels.Numbers(12, 2), 4, 3),
            ["head.weight"] = closed.Parameters[0].Initial,
        };
        float[] expected = RuntimeSession.RunOnce(closed.Training, feeds)["head.weight_grad"].ToFloats();
        float[] actual = RuntimeSession.RunOnce(ruled.Training, feeds)["head.weight_grad"].ToFloats();
        for (int i = 0; i < expected.Length; i++)
            Assert.AreEqual(expected[i], actual[i], 1e-6);
    }

    [TestMethod]
    [DataRow("head.wait", "'head.weight'")]
    [DataRow("x", "no parameter")]
    public void AParameterThatIsNoneIsRefused(string name, string message) => StringAssert.Contains(
        Assert.ThrowsExactly<GraphException>(() => TrainingGraph.Build(TrainingModels.Linear(6, 3), Loss, [name])).Message, message);

    [TestMethod]
    public void NothingToTrainIsRefused() => Assert.ThrowsExactly<GraphException>(() => TrainingGraph.Build(TrainingModels.Linear(6, 3), Loss, []));

    /// <summary>Mean squared error that leaves its gradient to the rules.</summary>
    private sealed record RuledSquaredError : ILoss
    {
        public ElementType TargetType => ElementType.Float;

        public Shape TargetShape(Shape outputs) => outputs;

        public LossNodes Build(GraphBuilder op, Value outputs, Value targets)
        {
            Value difference = op.Sub(outputs, targets);
            return new LossNodes(op.ReduceMean(op.Mul(difference, difference), [], false));
        }
    }

    private static Model TwoDropouts()
    {
        Model model = TrainingModels.Mlp(6, 5, 3, dropout: 0.5f);
        Graph graph = model.Graph;
        GraphBuilder op = new(graph) { Before = graph.Nodes[0] };
        Value x = graph.Inputs[0], dropped = op.Dropout(x, op.Scalar(0.5), null);
        dropped.Shape = x.Shape;
        foreach (Use use in x.Uses.Where(u => u.Node != dropped.Producer).ToArray())
            use.Node.SetInput(use.Index, dropped);
        graph.Rename(dropped, "frozen_dropout");
        return model;
    }
}
