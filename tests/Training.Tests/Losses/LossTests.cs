using OnnxFineTune.Models;
using OnnxFineTune.Surgery;

namespace OnnxFineTune.Training.Tests;

[TestClass]
public sealed class LossTests
{
    private static readonly float[] Logits = [1.5f, -0.5f, 0.25f, -2, 3, 0.75f];
    private static readonly float[] Weights = [0.5f, 2, 1.25f];
    private static readonly float[] Soft = [0.7f, 0.1f, 0.2f, 0, 0.45f, 0.55f];
    private static readonly float[] Labels = [1, 0, 1, 0, 1, 0.3f];

    /// <summary>Loss and gradient as PyTorch 2 computes them.</summary>
    public static IEnumerable<(string Name, ILoss Loss, float[] Targets, double Value, float[] Gradient)> Cases =>
    [
        ("cross-entropy", new SoftmaxCrossEntropy(), [2, 1], 0.854117751121521,
            [0.351656973f, 0.047591589f, -0.3992486f, 0.003029278f, -0.050415188f, 0.047385886f]),
        ("smoothed", new SoftmaxCrossEntropy { LabelSmoothing = 0.1f }, [2, 1], 0.96661776304245,
            [0.334990293f, 0.030924922f, -0.365915269f, -0.013637389f, -0.017081857f, 0.030719219f]),
        ("weighted", new SoftmaxCrossEntropy { ClassWeights = Weights }, [2, 1], 0.6815406084060669,
            [0.270505369f, 0.036608916f, -0.307114303f, 0.003728343f, -0.062049463f, 0.058321092f]),
        ("weighted, smoothed", new SoftmaxCrossEntropy { ClassWeights = Weights, LabelSmoothing = 0.2f }, [2, 1], 0.8035582900047302,
            [0.260248959f, -0.004416727f, -0.255832255f, -0.006807693f, -0.021498321f, 0.028305985f]),
        ("soft", new SoftmaxCrossEntropy { SoftTargets = true }, Soft, 1.072867751121521,
            [0.00165697932f, -0.00240841135f, 0.000751405954f, 0.00302927848f, 0.224584818f, -0.22761412f]),
        ("soft, smoothed", new SoftmaxCrossEntropy { SoftTargets = true, LabelSmoothing = 0.1f }, Soft, 1.1634927988052368,
            [0.0199902952f, -0.0140750781f, -0.00591525435f, -0.0136373891f, 0.230418161f, -0.216780797f]),
        ("soft, weighted", new SoftmaxCrossEntropy { SoftTargets = true, ClassWeights = Weights }, Soft, 1.3548309803009033,
            [0.106325589f, -0.06192673f, -0.044398874f, 0.00480897957f, 0.263715893f, -0.268524915f]),
        ("soft, weighted, smoothed", new SoftmaxCrossEntropy { SoftTargets = true, ClassWeights = Weights, LabelSmoothing = 0.2f }, Soft, 1.503644347190857,
            [0.156308055f, -0.104310162f, -0.0519979224f, -0.012062164f, 0.256702244f, -0.244640142f]),
        ("binary", new BinaryCrossEntropyWithLogits(), Labels, 0.3898026943206787,
            [-0.03040426f, 0.062923446f, -0.072970577f, 0.019867154f, -0.007904311f, 0.06319645f]),
        ("binary, weighted", new BinaryCrossEntropyWithLogits { PositiveWeights = Weights }, Labels, 0.40994951128959656,
            [-0.01520213f, 0.062923446f, -0.091213226f, 0.019867154f, -0.015808621f, 0.05918619f]),
        ("squared", new MeanSquaredError(), Labels, 1.5441665649414062,
            [0.166666672f, -0.166666672f, -0.25f, -0.666666687f, 0.666666687f, 0.150000006f]),
    ];

    [TestMethod, DynamicData(nameof(Cases))]
    public void LossAndGradientAreThoseOfPyTorch(string name, ILoss loss, float[] targets, double value, float[] gradient)
    {
        Assert.IsEmpty(loss.Validate(), name);
        (float actual, float[] actualGradient) = Run(loss, Logits, [2, 3], targets);
        Assert.AreEqual(value, actual, 3e-7, name);
        for (int i = 0; i < gradient.Length; i++)
            Assert.AreEqual(gradient[i], actualGradient[i], 1e-7, $"{name}, element {i}");
    }

    [TestMethod]
    public void LogitsOfAThousandStayFinite()
    {
        (float loss, float[] gradient) = Run(new SoftmaxCrossEntropy(), [1000, -1000, 0], [1, 3], [1]);
        Assert.AreEqual(2000, loss);
        CollectionAssert.AreEqual(new float[] { 1, -1, 0 }, gradient);
        (loss, gradient) = Run(new BinaryCrossEntropyWithLogits(), [1000, -1000, 0], [1, 3], [0, 1, 0]);
        Assert.AreEqual(666.897705078125, loss, 1e-4);
        Assert.IsTrue(gradient.All(float.IsFinite));
    }

    [TestMethod]
    public void ManyClassesAgreeWithTheFormula()
    {
        const int classes = 700;
        float[] logits = [.. Enumerable.Range(0, 2 * classes).Select(i => MathF.Sin(i * 0.37f) * 3)];
        (float loss, float[] gradient) = Run(new SoftmaxCrossEntropy { LabelSmoothing = 0.05f }, logits, [2, classes], [3, 699]);
        double expected = 0;
        int[] targets = [3, 699];
        for (int n = 0; n < 2; n++)
        {
            double[] row = [.. logits.Skip(n * classes).Take(classes).Select(v => (double)v)];
            double logSum = Math.Log(row.Sum(Math.Exp));
            for (int c = 0; c < classes; c++)
            {
                double q = 0.05 / classes + (c == targets[n] ? 0.95 : 0);
                expected -= q * (row[c] - logSum) / 2;
                Assert.AreEqual((Math.Exp(row[c] - logSum) - q) / 2, gradient[n * classes + c], 1e-7);
            }
        }
        Assert.AreEqual(expected, loss, 2e-6);
    }

    /// <summary>Rows of one-hot probabilities are class indices.</summary>
    [TestMethod]
    [DataRow(0f)]
    [DataRow(0.2f)]
    public void OneHotProbabilitiesAreClassIndices(float smoothing)
    {
        SoftmaxCrossEntropy hard = new() { LabelSmoothing = smoothing };
        (float loss, float[] gradient) = Run(hard, Logits, [2, 3], [2, 1]);
        ILoss soft = hard.WithClassProbabilities()!;
        Assert.AreEqual(OutputKind.ClassLogits, soft.OutputKind);
        (float softLoss, float[] softGradient) = Run(soft, Logits, [2, 3], [0, 0, 1, 0, 1, 0]);
        Assert.AreEqual(loss, softLoss, 1e-6f);
        for (int i = 0; i < gradient.Length; i++)
            Assert.AreEqual(gradient[i], softGradient[i], 1e-7f);
    }

    /// <summary>The made-up targets of a gradient check are probabilities, and the closed form agrees with finite differences through a whole model.</summary>
    [TestMethod]
    public void GradientCheckTakesClassProbabilities()
    {
        GradientCheckResult result = GradientCheck.Run(TrainingModels.Mlp(4, 6, 3), gradients: new ModelGradientsOptions { Loss = new SoftmaxCrossEntropy { SoftTargets = true, LabelSmoothing = 0.1f } });
        Assert.IsTrue(result.Passed);
    }

    [TestMethod]
    public void WrongOptionsAreAllNamed()
    {
        Assert.HasCount(2, new SoftmaxCrossEntropy { LabelSmoothing = 2, ClassWeights = [-1, 1] }.Validate());
        Assert.HasCount(1, new BinaryCrossEntropyWithLogits { PositiveWeights = [0] }.Validate());
        GraphException error = Assert.ThrowsExactly<GraphException>(() => Run(new SoftmaxCrossEntropy { ClassWeights = [1, 1] }, Logits, [2, 3], [0, 1]));
        StringAssert.Contains(error.Message, "2 class weights");
    }

    private static (float Loss, float[] Gradient) Run(ILoss loss, float[] outputs, long[] shape, float[] targets)
    {
        Graph graph = new();
        Value x = graph.AddInput("x", ElementType.Float, new Shape(Dimension.Named("batch"), shape[1]));
        Value t = graph.AddInput("t", loss.TargetType, loss.TargetShape(x.Shape!));
        LossNodes nodes = loss.Build(new GraphBuilder(graph), x, t);
        graph.SetOutputs(nodes.Loss, nodes.Gradient!);
        TensorData target = loss.TargetType == ElementType.Int64
            ? TensorData.FromLongs([.. targets.Select(v => (long)v)], targets.Length)
            : TensorData.FromFloats(targets, shape);
        IReadOnlyDictionary<string, TensorData> results = RuntimeSession.RunOnce(new Model(graph) { Opset = GraphBuilder.WorkingOpset },
            new Dictionary<string, TensorData> { ["x"] = TensorData.FromFloats(outputs, shape), ["t"] = target });
        Assert.AreEqual(Shape.Scalar, results[nodes.Loss.Name].Shape);
        return (results[nodes.Loss.Name].ToFloats()[0], results[nodes.Gradient!.Name].ToFloats());
    }
}
