using OnnxFineTune.Models;
using OnnxFineTune.Surgery;

namespace OnnxFineTune.Training.Tests;

/// <summary>Training graphs with kernels of the training build.</summary>
[TestClass]
public sealed class NativeGraphTests
{
    private static readonly TrainingGraphOptions Native = new() { FrozenApart = false, Kernels = GradientKernels.OrtTraining };
    private static readonly string[] Head = ["head.weight", "head.bias"], All = ["body.weight", "body.bias", .. Head];

    [TestMethod]
    public void GradientsAreKernelsAndTheModelImportsThem()
    {
        TrainingGraph graph = Build(new SoftmaxCrossEntropy());
        Assert.AreEqual(GradientKernels.OrtTraining, graph.Kernels);
        CollectionAssert.AreEquivalent(new[] { "SoftmaxCrossEntropyLossGrad", "ReluGrad" }, Kernels(graph.Training));
        Assert.AreEqual(1, graph.Training.OpsetImports[ArtifactNames.RuntimeDomain]);
        Assert.IsTrue(graph.Training.Graph.Nodes.SelectMany(n => n.Outputs).All(o => o!.ElementType != ElementType.Undefined), "every value has a type");
        Assert.IsEmpty(Verify(graph));
    }

    [TestMethod]
    public void TheEvaluationGraphIsOfStandardOperators()
    {
        TrainingGraph graph = Build(new SoftmaxCrossEntropy());
        Assert.IsEmpty(Kernels(graph.Evaluation));
        TensorData x = TensorData.FromFloats([.. Enumerable.Range(0, 24).Select(i => MathF.Sin(i))], 2, 12), targets = TensorData.Vector(3, 0);
        float[] losses = [.. new[] { graph, Build(new SoftmaxCrossEntropy(), GradientKernels.Standard) }.Select(g => Run(g, x, targets))];
        Assert.AreEqual(losses[1], losses[0], 1e-6);
    }

    [TestMethod]
    public void ALossWithoutAKernelStaysInStandardOperators()
    {
        CollectionAssert.AreEqual(new[] { "ReluGrad" }, Kernels(Build(new SoftmaxCrossEntropy { LabelSmoothing = 0.1f }).Training));
        CollectionAssert.AreEqual(new[] { "ReluGrad" }, Kernels(Build(new MeanSquaredError()).Training));
    }

    [TestMethod]
    public void AModelWithoutAKernelImportsNone()
    {
        TrainingGraph graph = TrainingGraph.Build(TrainingModels.Mlp(12, 16, 4), new MeanSquaredError(), Head, Native);
        Assert.IsEmpty(Kernels(graph.Training));
        Assert.IsFalse(graph.Training.OpsetImports.ContainsKey(ArtifactNames.RuntimeDomain));
    }

    [TestMethod]
    public void TheDefaultEngineRefusesThemAtOnce()
    {
        GraphException error = Assert.ThrowsExactly<GraphException>(() => new StepGraphEngine(Build(new SoftmaxCrossEntropy())));
        Assert.AreEqual("The training graph is written with GradientKernels.OrtTraining, kernels that only a training build of ONNX Runtime has; " +
            "build it with GradientKernels.Standard for this engine.", error.Message);
    }

    private static TrainingGraph Build(ILoss loss, GradientKernels kernels = GradientKernels.OrtTraining) =>
        TrainingGraph.Build(TrainingModels.Mlp(12, 16, 4), loss, All, Native with { Kernels = kernels });

    private static string[] Kernels(Model model) => [.. model.Graph.Nodes.Where(n => n.Domain == ArtifactNames.RuntimeDomain).Select(n => n.OpType)];

    private static IReadOnlyList<string> Verify(TrainingGraph graph)
    {
        using TemporaryFolder folder = new();
        TrainingArtifacts.Build(graph).Save(folder.Path);
        return ArtifactVerification.Check(folder.Path);
    }

    private static float Run(TrainingGraph graph, TensorData x, TensorData targets)
    {
        Dictionary<string, TensorData> feeds = graph.Parameters.ToDictionary(p => p.Name, p => p.Initial);
        (feeds[graph.Features[0].Name], feeds[graph.Targets.Name]) = (x, targets);
        return RuntimeSession.RunOnce(graph.Evaluation, feeds)[graph.Loss.Name].ToFloats()[0];
    }
}
