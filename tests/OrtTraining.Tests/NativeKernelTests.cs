using OnnxFineTune.Surgery;
using OnnxFineTune.Training;
using OnnxFineTune.Training.Tests;

namespace OnnxFineTune.OrtTraining.Tests;

/// <summary>Gradients by kernels of the training build equal those by standard operators, on the build itself: every row of every rule that has a kernel.</summary>
[TestClass]
public sealed class NativeKernelTests
{
    private const double Tolerance = 1e-5;

    private static IEnumerable<GradientCase> Cases => [.. GradientCases.All.Where(c => GradientRules.Native.ContainsKey(c.Operator)), .. NativeKernelCases.More];

    public static IEnumerable<object[]> Rows =>
        from c in Cases
        from batch in c.Batch && c.Shapes[0] is [> 1, ..] ? (bool[])[false, true] : [false]
        where HasKernel(CaseModel.Backward(c, ElementType.Float, batch, GradientKernels.OrtTraining).Model)
        select new object[] { c.ToString(), batch };

    public static IEnumerable<(string Name, SoftmaxCrossEntropy Loss, long[] Targets)> Losses =>
    [
        ("mean", new SoftmaxCrossEntropy(), [2, 0, 1, 1]),
        ("weighted", new SoftmaxCrossEntropy { ClassWeights = [0.5f, 2, 1.25f] }, [2, 0, 1, 1]),
        ("a class without weight", new SoftmaxCrossEntropy { ClassWeights = [0, 2, 1.25f] }, [2, 0, 1, 0]),
    ];

    [TestMethod, DynamicData(nameof(Rows))]
    public void KernelGivesTheGradientOfStandardOperators(string row, bool batch)
    {
        GradientCase c = Cases.Single(r => r.ToString() == row);
        Random random = new(row.Length);
        CaseModel standard = CaseModel.Backward(c, ElementType.Float, batch), native = CaseModel.Backward(c, ElementType.Float, batch, GradientKernels.OrtTraining);
        Dictionary<int, double[]> inputs = c.Trained.ToDictionary(i => i, i => c.Values.GetValueOrDefault(i) ?? Draw(random, c.Shapes[i]!, c.Ranges.GetValueOrDefault(i, c.Range)));
        Dictionary<int, double[]> cotangents = CaseModel.Forward(c, ElementType.Float).OutputShapes.ToDictionary(o => o.Key, o => Draw(random, o.Value.ToArray(), (-1, 1)));
        IReadOnlyDictionary<string, TensorData> expected = WasmModelRun.Of(standard.Model, standard.Feeds(inputs, cotangents));
        IReadOnlyDictionary<string, TensorData> actual = WasmModelRun.Of(native.Model, native.Feeds(inputs, cotangents));
        CollectionAssert.AreEquivalent(expected.Keys.ToArray(), actual.Keys.ToArray());
        foreach (string gradient in expected.Keys.Where(k => k.StartsWith('d')))
            AreEqual(expected[gradient], actual[gradient], gradient);
    }

    [TestMethod]
    public void EveryRuleHasARow()
    {
        HashSet<string> tried = [.. Rows.Select(r => Cases.Single(c => c.ToString() == (string)r[0]).Operator)];
        CollectionAssert.AreEquivalent(GradientRules.Native.Keys.ToArray(), tried.ToArray());
    }

    [TestMethod, DynamicData(nameof(Losses))]
    public void LossAndItsGradientAreThoseOfStandardOperators(string name, SoftmaxCrossEntropy loss, long[] targets)
    {
        TensorData logits = TensorData.FromFloats([1.5f, -0.5f, 0.25f, -2, 3, 0.75f, 40, 0, -40, 0.1f, 0.2f, 0.3f], 4, 3);
        Dictionary<string, TensorData> feeds = new() { ["x"] = logits, ["t"] = TensorData.Vector(targets) };
        Model native = LossModel(loss, GradientKernels.OrtTraining);
        Assert.IsTrue(HasKernel(native), name);
        IReadOnlyDictionary<string, TensorData> expected = WasmModelRun.Of(LossModel(loss, GradientKernels.Standard), feeds), actual = WasmModelRun.Of(native, feeds);
        foreach (string output in expected.Keys)
            AreEqual(expected[output], actual[output], $"{output}, {name}");
    }

    /// <summary>Logits x and targets t → loss and gradient.</summary>
    private static Model LossModel(SoftmaxCrossEntropy loss, GradientKernels kernels)
    {
        Graph graph = new();
        Value x = graph.AddInput("x", ElementType.Float, new Shape(Dimension.Named("batch"), 3));
        Value t = graph.AddInput("t", ElementType.Int64, new Shape(Dimension.Named("batch")));
        LossNodes nodes = loss.Build(new GraphBuilder(graph), x, t, kernels);
        graph.Rename(nodes.Loss, "loss");
        graph.Rename(nodes.Gradient!, "gradient");
        (nodes.Loss.Shape, nodes.Gradient!.Shape) = (Shape.Scalar, x.Shape);
        graph.SetOutputs(nodes.Loss, nodes.Gradient!);
        Model model = new(graph) { Opset = GraphBuilder.WorkingOpset };
        NativeKernels.Import(model);
        return model;
    }

    /// <summary>Whether a node is of the training build alone.</summary>
    private static bool HasKernel(Model model) => model.Graph.Nodes.Any(n => n.Domain == ArtifactNames.RuntimeDomain || n.OpType.EndsWith("PoolGrad", StringComparison.Ordinal));

    private static void AreEqual(TensorData expected, TensorData actual, string what)
    {
        Assert.AreEqual(expected.Shape, actual.Shape, what);
        float[] e = expected.ToFloats(), a = actual.ToFloats();
        double largest = e.Select(v => (double)Math.Abs(v)).Append(1e-6).Max();
        for (int i = 0; i < e.Length; i++)
            Assert.AreEqual(e[i], a[i], Tolerance * largest, $"{what}, element {i}");
    }

    private static double[] Draw(Random random, long[] shape, (double Min, double Max) range) =>
        [.. Enumerable.Range(0, (int)shape.Aggregate(1L, (a, b) => a * b)).Select(_ => range.Min + random.NextDouble() * (range.Max - range.Min))];
}
