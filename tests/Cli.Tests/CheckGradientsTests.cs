using System.Text.Json;
using OnnxFineTune.Models;
using OnnxFineTune.Surgery;

namespace OnnxFineTune.Cli.Tests;

/// <summary><c>check-gradients</c>: a random batch or tensors in, a verdict for each parameter out.</summary>
[TestClass]
public sealed class CheckGradientsTests
{
    [TestMethod]
    public async Task RightGradientsAreShownWithTheWorstFirst()
    {
        using TempFolder folder = new();
        CommandResult result = await CommandLine.SucceedAsync("check-gradients", folder.Save(TrainingModels.Mlp(4, 6, 3)), "--seed", "5");
        StringAssert.Matches(result.Lines[0], new(@"^loss \d+\.\d{4} in float64, rounding \d\.\dE-1\d$"));
        Assert.AreEqual("4 gradients: 4 right, 0 undecided, 0 wrong", result.Lines[1]);
        StringAssert.Matches(result.Lines[2], new(@"^worst: (body|head)\.(weight|bias): right, \S+ along the direction, expected \S+ ± \S+$"));
        Assert.HasCount(5, result.Lines[4..]);
        Assert.AreEqual("", result.Error);
    }

    [TestMethod]
    public async Task TensorsLossAndParametersCanBeGiven()
    {
        using TempFolder folder = new();
        TensorFile.Save(folder["x.pb"], "", TensorData.FromFloats(TrainingModels.Numbers(12, 3), 3, 4));
        TensorFile.Save(folder["y.pb"], "", TensorData.FromFloats(TrainingModels.Numbers(9, 4), 3, 3));
        JsonElement json = (await CommandLine.SucceedAsync("check-gradients", folder.Save(TrainingModels.Mlp(4, 6, 3)), "--json", "--input", folder["x.pb"], "--labels", folder["y.pb"], "--loss", "mse",
            "--trainable", "head*")).Json;
        Assert.IsTrue(json.GetProperty("passed").GetBoolean());
        Assert.AreEqual("float64", json.GetProperty("precision").GetString());
        CollectionAssert.AreEquivalent((string[])["head.weight", "head.bias"], json.GetProperty("parameters").EnumerateArray().Select(p => p.GetProperty("name").GetString()).ToArray());
        Assert.AreEqual("right", json.GetProperty("parameters")[0].GetProperty("verdict").GetString());
    }

    /// <summary>Rounded weights have straight-through gradients, which are not those of the loss: a step function of them.</summary>
    [TestMethod]
    public async Task GradientsThatAreNotThoseOfTheLossFail()
    {
        using TempFolder folder = new();
        Graph graph = new();
        GraphBuilder op = new(graph);
        Value x = graph.AddInput("x", ElementType.Float, new Shape(Dimension.Named("batch"), 4));
        Value weight = graph.AddInitializer("w", TensorData.FromFloats(TrainingModels.Numbers(12, 1), 4, 3)), scale = op.Scalar(0.1);
        Value quantized = op.Op("QuantizeLinear", [weight, scale, op.Constant(TensorData.FromBytes(ElementType.Int8, Shape.Scalar, new byte[1]))]);
        graph.AddOutput(op.MatMul(x, op.Op("DequantizeLinear", [quantized, scale])));
        CommandResult result = await CommandLine.RunAsync("check-gradients", folder.Save(new Model(graph) { Opset = GraphBuilder.WorkingOpset }));
        Assert.AreEqual(1, result.Code, result.Output);
        Assert.AreEqual("1 gradients: 0 right, 0 undecided, 1 wrong", result.Lines[1]);
        StringAssert.StartsWith(result.Lines[2], "worst: w: wrong, ");
    }

    [TestMethod]
    [DataRow("--directions 0", "--directions is '0'; it must be a whole number from 1 to 100.")]
    [DataRow("--tolerance 2", "--tolerance is '2'; it must be a number from 0 to 1.")]
    [DataRow("--trainable from:", "--trainable is 'from:'; give head, blocks:N, biases, normalization, all, from:VALUE, or patterns of parameter names.")]
    [DataRow("--input y=x.pb", "--input is 'y=x.pb', which names none of the model's inputs ('x'); give --input NAME=FILE for each.")]
    public async Task WrongUsageSaysWhatIsPossible(string words, string message)
    {
        using TempFolder folder = new();
        CommandResult result = await CommandLine.RunAsync(["check-gradients", folder.Save(TrainingModels.Mlp(4, 6, 3)), .. words.Split(' ')]);
        Assert.AreEqual(2, result.Code, result.Error);
        StringAssert.StartsWith(result.Error, $"error: {message}");
    }
}
