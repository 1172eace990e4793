
namespace OnnxFineTune.Training.Tests;

[TestClass]
public sealed class OptimizerTests
{
    /// <summary>θ = [1, −2, 0.5], η = 0.1, gradients [0.5, −1, 2] times 1, 2, −3: θ after each step as PyTorch 2 computes it.</summary>
    public static IEnumerable<(string Name, IOptimizer Optimizer, float[][] Expected)> Literals =>
    [
        ("SGD", new Sgd(), [[0.94999999f, -1.89999998f, 0.30000001f], [0.84999996f, -1.69999993f, -0.09999999f], [0.99999994f, -1.99999988f, 0.5f]]),
        ("SGD, decay", new Sgd { WeightDecay = 0.1 }, [[0.94f, -1.88f, 0.29499999f], [0.83060002f, -1.66120005f, -0.10795002f], [0.97229403f, -1.94458807f, 0.49312949f]]),
        ("SGD, momentum", new Sgd { Momentum = 0.9 }, [[0.94999999f, -1.89999998f, 0.30000001f], [0.80500001f, -1.61000001f, -0.28f], [0.82450002f, -1.64900005f, -0.20200002f]]),
        ("SGD, Nesterov", new Sgd { Momentum = 0.9, Nesterov = true, WeightDecay = 0.01 },
            [[0.90310001f, -1.80620003f, 0.11904997f], [0.67007411f, -1.34014821f, -0.8035813f], [0.83489043f, -1.66978085f, -0.13231544f]]),
        ("Adam", new Adam(), [[0.90000004f, -1.89999998f, 0.40000001f], [0.80348182f, -1.80348182f, 0.30348182f], [0.81014174f, -1.81014168f, 0.31014171f]]),
        ("Adam, decay", new Adam { WeightDecay = 0.1, Beta1 = 0.8, Beta2 = 0.95, Epsilon = 1e-3 },
            [[0.90016639f, -1.9000833f, 0.40004876f], [0.80181193f, -1.80171025f, 0.30231127f], [0.80789363f, -1.80729282f, 0.31562322f]]),
        ("AdamW", new AdamW(), [[0.89900005f, -1.898f, 0.39950001f], [0.80158281f, -1.79958391f, 0.30258232f], [0.80744117f, -1.80444419f, 0.30893964f]]),
        ("AdamW, decay", new AdamW { WeightDecay = 0.2, Beta1 = 0.8, Beta2 = 0.95, Epsilon = 1e-3 },
            [[0.88019961f, -1.86009991f, 0.39004999f], [0.76508421f, -1.72532535f, 0.28464583f], [0.76398098f, -1.70502377f, 0.29316109f]]),
    ];

    [TestMethod, DynamicData(nameof(Literals))]
    public void ThreeStepsAreThoseOfPyTorch(string name, IOptimizer optimizer, float[][] expected)
    {
        Assert.IsEmpty(optimizer.Validate(), name);
        float[][] gradients = [.. new[] { 1, 2, -3 }.Select(f => new[] { 0.5f * f, -1f * f, 2f * f })];
        float[][] actual = OptimizerRun.Of(optimizer, [1, -2, 0.5f], gradients, 0.1f);
        for (int step = 0; step < 3; step++)
            for (int i = 0; i < 3; i++)
                Assert.AreEqual(expected[step][i], actual[step][i], 3e-7, $"{name}, step {step}, element {i}");
    }

    public static IEnumerable<IOptimizer> Optimizers =>
    [
        .. Literals.Select(l => l.Optimizer),
        new AdamW { Form = AdamWForm.HuggingFace },
        new AdamW { Form = AdamWForm.HuggingFace, WeightDecay = 0.2, Beta1 = 0.8, Beta2 = 0.95, Epsilon = 1e-3 },
    ];

    [TestMethod, DynamicData(nameof(Optimizers))]
    public void FiftyStepsFollowTheFormulasInDouble(IOptimizer optimizer)
    {
        Random random = new(5);
        float[] Draw(int count) => [.. Enumerable.Range(0, count).Select(_ => random.NextSingle() * 2 - 1)];
        float[] start = Draw(40);
        float[][] gradients = [.. Enumerable.Range(0, 50).Select(_ => Draw(40))];
        ReferenceOptimizer reference = new(optimizer, [.. start.Select(v => (double)v)]);
        float[][] actual = OptimizerRun.Of(optimizer, start, gradients, 0.02f);
        for (int step = 0; step < 50; step++)
        {
            reference.Step([.. gradients[step].Select(v => (double)v)], 0.02f);
            for (int i = 0; i < 40; i++)
                Assert.AreEqual(reference.Parameters[i], actual[step][i], 2e-6, $"step {step}, element {i}");
        }
    }

    [TestMethod]
    public void TheFormsOfAdamWDecayBeforeAndAfterTheMove()
    {
        AdamW adamW = new() { WeightDecay = 0.5 };
        float[] One(AdamWForm form) => OptimizerRun.Of(adamW with { Form = form }, [1], [[0.1f]], 0.1f)[0];
        Assert.AreEqual(1 * 0.95 - 0.1, One(AdamWForm.PyTorch)[0], 1e-6, "the first move is the learning rate itself");
        Assert.AreEqual((1 - 0.1) * 0.95, One(AdamWForm.HuggingFace)[0], 1e-6);
    }

    [TestMethod]
    public void ARateOfZeroChangesNothing()
    {
        foreach (IOptimizer optimizer in Optimizers)
            CollectionAssert.AreEqual(new[] { 1f, -2, 0.5f }, OptimizerRun.Of(optimizer, [1, -2, 0.5f], [[0, 1, -1]], 0)[0], optimizer.ToString());
    }

    [TestMethod]
    public void WrongOptionsAreAllNamed()
    {
        Assert.HasCount(4, new AdamW { Beta1 = 1, Beta2 = -0.1, Epsilon = 0, WeightDecay = double.NaN }.Validate());
        StringAssert.Contains(new AdamW { Form = (AdamWForm)2 }.Validate().Single(), "PyTorch or HuggingFace");
        Assert.HasCount(3, new Adam { Beta1 = 1.5, Beta2 = 1, Epsilon = -1 }.Validate());
        Assert.HasCount(2, new Sgd { WeightDecay = -1, Nesterov = true }.Validate());
        Assert.HasCount(1, new GradientClipping { MaxNorm = 0 }.Validate());
    }
}
