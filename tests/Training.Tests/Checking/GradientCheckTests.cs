using OnnxFineTune.Models;
using OnnxFineTune.Surgery;

namespace OnnxFineTune.Training.Tests;

[TestClass]
public sealed class GradientCheckTests
{
    private static readonly Dictionary<string, Func<Model>> Models = new()
    {
        ["Linear"] = () => TrainingModels.Linear(4, 3),
        ["Mlp"] = () => TrainingModels.Mlp(4, 6, 3, dropout: 0.5f),
        ["ConvNet"] = () => TrainingModels.ConvNet(4, 3),
        ["Residual"] = () => ResidualModels.Build(secondInput: true),
        ["Activations"] = () => Float64Models.Build(),
        ["Normalized"] = () => Normalized(),
    };

    public static IEnumerable<object[]> Names => Models.Keys.Select(n => new object[] { n });

    [TestMethod, DynamicData(nameof(Names))]
    public void GradientsOfOurRulesAreRightInFloat64(string name)
    {
        GradientCheckResult result = GradientCheck.Run(Models[name]());
        Assert.IsTrue(result.Passed, result.ToString());
        Assert.AreEqual(0, result.Count(GradientVerdict.Undecided), result.ToString());
        Assert.AreEqual(ElementType.Double, result.Precision);
    }

    [TestMethod]
    public void OtherLossesAndStatisticsOfTheBatchAreChecked()
    {
        foreach (ILoss loss in new ILoss[] { new BinaryCrossEntropyWithLogits(), new MeanSquaredError() })
            Assert.IsTrue(GradientCheck.Run(TrainingModels.Mlp(4, 6, 3), gradients: new ModelGradientsOptions { Loss = loss }).Passed);
        GradientCheckResult batch = GradientCheck.Run(Normalized(), gradients: new ModelGradientsOptions { BatchNormalization = BatchNormalizationMode.Batch }, options: new GradientCheckOptions { BatchSize = 4 });
        Assert.IsTrue(batch.Passed, batch.ToString());
    }

    /// <summary>LRN is left in float32, where rounding must not pass for a fault.</summary>
    [TestMethod]
    public void WhereFloat64IsNotToBeHadRoundingIsNoFault()
    {
        for (int seed = 0; seed < 5; seed++)
        {
            GradientCheckResult result = GradientCheck.Run(Float64Models.Build(withoutFloat64: true), options: new GradientCheckOptions { Seed = seed });
            Assert.AreEqual(ElementType.Float, result.Precision);
            Assert.IsTrue(result.Passed, result.ToString());
        }
    }

    [TestMethod]
    [DataRow("scaled by 1.01")]
    [DataRow("negated")]
    [DataRow("zero")]
    [DataRow("one element wrong")]
    [DataRow("rows exchanged")]
    public void TamperedGradientsAreFound(string fault)
    {
        foreach (bool isSingle in new[] { false, true })
        {
            (TrainingGraph graph, Dictionary<string, TensorData> feeds) = Task(isSingle ? Float64Models.Build(withoutFloat64: true) : TrainingModels.ConvNet(4, 3));
            string parameter = graph.Parameters[0].Name;
            Dictionary<string, TensorData> gradients = new(ModelGradients.Of(graph, feeds, 1).Gradients);
            TensorData right = gradients[parameter];
            gradients[parameter] = TensorData.FromFloats(Tampered(right.ToFloats(), fault, isSingle ? 1.05f : 1.01f), right.Shape.ToArray());
            GradientCheckResult result = GradientCheck.Run(graph, feeds, gradients);
            Assert.IsFalse(result.Passed, fault);
            CollectionAssert.AreEqual((string[])[parameter], result.Parameters.Where(p => p.Verdict == GradientVerdict.Wrong).Select(p => p.Name).ToArray(), result.ToString());
            Assert.AreEqual(parameter, result.Parameters[0].Name);
        }
    }

    /// <summary>A rule that forgets a factor: the gradient of the first layer is wrong, that of the head is right.</summary>
    [TestMethod]
    public void AWrongRuleIsFound()
    {
        (TrainingGraph graph, Dictionary<string, TensorData> feeds) = Task(TrainingModels.Mlp(4, 6, 3));
        Graph backward = graph.Training.Graph;
        Node product = backward.Nodes.First(n => n.OpType == "Mul" && n.Name.StartsWith("grad", StringComparison.Ordinal));
        product.SetInput(1, backward.AddInitializer("wrong_factor", TensorData.Scalar(1f)));      // Relu lets everything pass
        GradientCheckResult result = GradientCheck.Run(graph, feeds);
        CollectionAssert.AreEquivalent((string[])["body.weight", "body.bias"], result.Parameters.Where(p => p.Verdict == GradientVerdict.Wrong).Select(p => p.Name).ToArray(), result.ToString());
    }

    [TestMethod]
    public void AtAKinkAnyNumberBetweenTheTwoSlopesIsRight()
    {
        Graph graph = new();
        GraphBuilder op = new(graph);
        Value x = graph.AddInput("x", ElementType.Float, new Shape(Dimension.Named("batch"), 2));
        graph.AddOutput(op.Relu(op.Mul(x, graph.AddInitializer("w", TensorData.FromFloats([0, 0], 2)))));
        (TrainingGraph training, Dictionary<string, TensorData> feeds) = Task(new Model(graph) { Opset = GraphBuilder.WorkingOpset }, new MeanSquaredError());
        ParameterCheck check = GradientCheck.Run(training, feeds).Parameters.Single();
        Assert.IsTrue(check is { IsKink: true, Verdict: GradientVerdict.Right }, check.ToString());
        Assert.IsFalse(GradientCheck.Run(training, feeds, new Dictionary<string, TensorData> { ["w"] = TensorData.FromFloats([9, -7], 2) }).Passed);
    }

    [TestMethod]
    public void TheSameSeedGivesTheSameResult()
    {
        GradientCheckResult Run(int seed) => GradientCheck.Run(TrainingModels.Mlp(4, 6, 3), options: new GradientCheckOptions { Seed = seed, Threads = 1 });
        Assert.AreEqual(Run(3).ToString(), Run(3).ToString());
        Assert.AreNotEqual(Run(3).Loss, Run(4).Loss);
    }

    [TestMethod]
    public void ALossThatIsNotFiniteIsToldAsSuch()
    {
        Dictionary<string, TensorData> inputs = new() { ["x"] = TensorData.FromFloats([1, float.NaN, 0, 0], 1, 4) };
        TrainingException e = Assert.ThrowsExactly<TrainingException>(() => GradientCheck.Run(TrainingModels.Linear(4, 3), inputs));
        Assert.Contains("Check the inputs and the weights", e.Message);
    }

    private static float[] Tampered(float[] gradient, string fault, float factor)
    {
        double norm = Math.Sqrt(gradient.Sum(g => (double)g * g));
        return fault switch
        {
            "negated" => [.. gradient.Select(g => -g)],
            "zero" => new float[gradient.Length],
            "one element wrong" => [(float)(gradient[0] + norm / 2), .. gradient[1..]],
            "rows exchanged" => [.. gradient[(gradient.Length / 2)..], .. gradient[..(gradient.Length / 2)]],
            _ => [.. gradient.Select(g => g * factor)],
        };
    }

    private static (TrainingGraph Graph, Dictionary<string, TensorData> Feeds) Task(Model model, ILoss? loss = null)
    {
        TrainingGraph graph = GradientTask.Build(model, new ModelGradientsOptions { Loss = loss ?? new SoftmaxCrossEntropy() });
        MadeUpBatch batch = new(graph, 3, 1);
        return (graph, GradientTask.Feeds(graph, batch.Inputs(), batch.Targets(null)));
    }

    private static Model Normalized()
    {
        Graph graph = new();
        GraphBuilder op = new(graph);
        Value x = graph.AddInput("x", ElementType.Float, new Shape(Dimension.Named("batch"), 2, 5, 5));
        Value conv = op.Conv(x, Weight("conv", 3, 2, 3, 3), strides: [2, 2], pads: [1, 1, 1, 1]);
        Value normalized = op.Op("BatchNormalization", [conv, Weight("scale", 3), Weight("shift", 3), Weight("mean", 3), Constant("variance", 0.5f, 1f, 2f)]);
        graph.AddOutput(op.Gemm(op.Flatten(op.Tanh(normalized)), Weight("head", 27, 3)));
        return new Model(graph) { Opset = GraphBuilder.WorkingOpset };

        Value Weight(string name, params long[] shape) => graph.AddInitializer(name, TensorData.FromFloats(TrainingModels.Numbers((int)shape.Aggregate(1L, (a, b) => a * b), name.Length), shape));

        Value Constant(string name, params float[] values) => graph.AddInitializer(name, TensorData.FromFloats(values, values.Length));
    }
}
