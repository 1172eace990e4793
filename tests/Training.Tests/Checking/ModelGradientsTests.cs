using OnnxFineTune.Models;
using OnnxFineTune.Surgery;

namespace OnnxFineTune.Training.Tests;

[TestClass]
public sealed class ModelGradientsTests
{
    private const int Batch = 3;

    private sealed record BadBatch(string Name, Func<Model> Model, ModelGradientsOptions Options, Dictionary<string, TensorData> Inputs, TensorData Labels, string Message);

    private static readonly Dictionary<string, TensorData> Good = new() { ["x"] = Floats(Batch, 4) };

    private static readonly BadBatch[] BadBatches =
    [
        new("no input", Mlp, new(), [], Labels(0, 1, 2), "The model reads 'x', but nothing is given for 'x'"),
        new("shape", Mlp, new(), new() { ["x"] = Floats(Batch, 5) }, Labels(0, 1, 2), "The input 'x' is Float [3, 5], but the model takes Float [batch, 4]"),
        new("rank", Mlp, new(), new() { ["x"] = Floats(12) }, Labels(0, 1, 2), "The input 'x' is Float [12], but"),
        new("type", Mlp, new(), new() { ["x"] = TensorData.FromLongs(new long[12], Batch, 4) }, Labels(0, 1, 2), "The input 'x' is Int64 [3, 4], but the model takes Float"),
        new("batch", Mlp, new(), Good, Labels(0, 1), "'batch' is 3 in the input 'x', but 2 in the labels"),
        new("label above", Mlp, new(), Good, Labels(0, 3, 1), "Label 1 is 3, but the model's output 'Gemm_1' has 3 classes: labels go from 0 to 2."),
        new("label below", Mlp, new(), Good, Labels(0, 1, -1), "Label 2 is -1, but"),
        new("float labels", Mlp, new(), Good, Floats(Batch), "The tensor of labels is Float [3], but the model takes Int64 [batch]; give a tensor of that type."),
        new("yes or no", Mlp, new() { Loss = new BinaryCrossEntropyWithLogits() }, Good, TensorData.FromFloats([0, 0, 0, 0, 1.5f, 0, 0, 0, 0], 3, 3), "Label 4 is 1.5, but binary cross-entropy takes numbers from 0 to 1."),
        new("not finite", Mlp, new() { Loss = new MeanSquaredError() }, Good, TensorData.FromFloats([0, 0, float.NaN, 0, 0, 0, 0, 0, 0], 3, 3), "Label 2 is NaN, but the loss takes finite numbers."),
    ];

    public static IEnumerable<object[]> BadNames => BadBatches.Select(b => new object[] { b.Name });

    [TestMethod, DynamicData(nameof(BadNames))]
    public void BatchesThatDoNotFitAreToldFromThoseThatDo(string name)
    {
        BadBatch row = BadBatches.Single(b => b.Name == name);
        TrainingException e = Assert.ThrowsExactly<TrainingException>(() => ModelGradients.Of(row.Model(), row.Inputs, row.Labels, row.Options));
        Assert.Contains(row.Message, e.Message);
    }

    /// <summary>Softmax cross-entropy of a linear layer: dW = (softmax − one-hot)ᵀ·x / N, db its sum over the batch.</summary>
    [TestMethod]
    public void GradientsOfALinearLayerAreThoseOfTheFormula()
    {
        Model model = TrainingModels.Linear(4, 3);
        long[] labels = [2, 0, 1];
        ModelGradients result = ModelGradients.Of(model, Good, Labels(labels));
        float[] x = Good["x"].ToFloats(), w = model.Graph.Get("head.weight").Data!.ToFloats(), b = model.Graph.Get("head.bias").Data!.ToFloats();
        double loss = 0;
        double[] weight = new double[12], bias = new double[3];
        for (int n = 0; n < Batch; n++)
        {
            double[] logits = [.. Enumerable.Range(0, 3).Select(c => b[c] + Enumerable.Range(0, 4).Sum(f => (double)w[c * 4 + f] * x[n * 4 + f]))];
            double sum = logits.Sum(Math.Exp);
            loss -= (logits[labels[n]] - Math.Log(sum)) / Batch;
            for (int c = 0; c < 3; c++)
            {
                double g = (Math.Exp(logits[c]) / sum - (labels[n] == c ? 1 : 0)) / Batch;
                bias[c] += g;
                for (int f = 0; f < 4; f++)
                    weight[c * 4 + f] += g * x[n * 4 + f];
            }
        }
        Assert.AreEqual(loss, result.Loss, 1e-6);
        CollectionAssert.AreEqual((string[])["head.weight", "head.bias"], result.Gradients.Keys.ToArray());
        AssertClose(weight, result.Gradients["head.weight"].ToFloats());
        AssertClose(bias, result.Gradients["head.bias"].ToFloats());
    }

    [TestMethod]
    public void DropoutIsOff()
    {
        ModelGradients with = ModelGradients.Of(TrainingModels.Mlp(4, 6, 3, dropout: 0.5f), Good, Labels(0, 1, 2)), without = ModelGradients.Of(Mlp(), Good, Labels(0, 1, 2));
        Assert.AreEqual(without.Loss, with.Loss);
        CollectionAssert.AreEqual(without.Gradients["body.weight"].ToFloats(), with.Gradients["body.weight"].ToFloats());
    }

    [TestMethod]
    public void OtherTypesAreConverted()
    {
        double[] x = Array.ConvertAll(Good["x"].ToFloats(), v => (double)v);
        TensorData wide = TensorData.FromBytes(ElementType.Double, Shape.Of(Batch, 4), System.Runtime.InteropServices.MemoryMarshal.AsBytes<double>(x).ToArray());
        TensorData narrow = TensorData.FromBytes(ElementType.Int32, Shape.Of(Batch), System.Runtime.InteropServices.MemoryMarshal.AsBytes<int>([0, 1, 2]).ToArray());
        Assert.AreEqual(ModelGradients.Of(Mlp(), Good, Labels(0, 1, 2)).Loss, ModelGradients.Of(Mlp(), new Dictionary<string, TensorData> { ["x"] = wide }, narrow).Loss);
    }

    /// <summary>The residual network has a second input, and a second output with a parameter of its own, which does not count.</summary>
    [TestMethod]
    public void TheFirstOutputIsDifferentiatedByWhatItDependsOn()
    {
        Dictionary<string, TensorData> inputs = new() { ["x"] = Floats(Batch, 3, 8, 8), ["extra"] = Floats(Batch, 6) };
        ModelGradients all = ModelGradients.Of(ResidualModels.Build(secondInput: true), inputs, Labels(0, 1, 4));
        CollectionAssert.AreEqual((string[])["stem.w", "block.w", "block.b", "fc1.w", "fc1.b", "fc2.w", "fc2.b"], all.Gradients.Keys.ToArray());
        ModelGradients some = ModelGradients.Of(ResidualModels.Build(secondInput: true), inputs, Labels(0, 1, 4), new ModelGradientsOptions { Trainable = Trainable.From("active") });
        CollectionAssert.AreEqual((string[])["fc2.w", "fc2.b"], some.Gradients.Keys.ToArray());
        AssertClose([.. all.Gradients["fc2.w"].ToFloats()], some.Gradients["fc2.w"].ToFloats());
    }

    [TestMethod]
    public void SavedFilesHoldNamesAndNumbersAndReplaceThoseOfAnEarlierRun()
    {
        using TemporaryFolder folder = new();
        string grads = Directory.CreateDirectory(folder.File("out/grads")).FullName;
        TensorFile.Save(Path.Combine(grads, "gone.pb"), "gone", TensorData.Scalar(1f));
        File.WriteAllText(Path.Combine(grads, "notes.txt"), "kept");
        TensorData gradient = Floats(2, 2);
        ModelGradients gradients = new(1.5f, new Dictionary<string, TensorData> { ["a.weight"] = gradient, ["b/bias"] = Floats(3) });
        IReadOnlyDictionary<string, string> files = gradients.Save(folder.File("out"));
        Assert.AreEqual("grads/b%2Fbias.pb", files["b/bias"]);
        Assert.AreEqual(1.5f, TensorFile.Load(folder.File("out/loss.pb"), out string loss).ToFloats()[0]);
        Assert.AreEqual("loss", loss);
        CollectionAssert.AreEqual(gradient.ToFloats(), TensorFile.Load(folder.File("out/grads/a.weight.pb"), out string weight).ToFloats());
        Assert.AreEqual("a.weight", weight);
        TensorFile.Load(folder.File($"out/{files["b/bias"]}"), out string bias);
        Assert.AreEqual("b/bias", bias);
        CollectionAssert.AreEquivalent((string[])["a.weight.pb", "b%2Fbias.pb", "notes.txt"], Directory.EnumerateFileSystemEntries(grads).Select(Path.GetFileName).ToArray());
        CollectionAssert.AreEquivalent((string[])["grads", "loss.pb"], Directory.EnumerateFileSystemEntries(folder.File("out")).Select(Path.GetFileName).ToArray());
    }

    private static Model Mlp() => TrainingModels.Mlp(4, 6, 3);

    private static TensorData Labels(params long[] labels) => TensorData.FromLongs(labels, labels.Length);

    private static TensorData Floats(params long[] shape) => TensorData.FromFloats(TrainingModels.Numbers((int)shape.Aggregate(1L, (a, b) => a * b), 7), shape);

    private static void AssertClose(double[] expected, float[] actual)
    {
        Assert.AreEqual(expected.Length, actual.Length);
        for (int i = 0; i < expected.Length; i++)
            Assert.AreEqual(expected[i], actual[i], 1e-6, $"element {i}");
    }

    private static void AssertClose(float[] expected, float[] actual) => AssertClose(Array.ConvertAll(expected, v => (double)v), actual);
}
