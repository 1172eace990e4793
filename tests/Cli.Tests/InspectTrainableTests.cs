using System.Text.Json;
using OnnxFineTune.Models;
using OnnxFineTune.Surgery;

namespace OnnxFineTune.Cli.Tests;

/// <summary><c>inspect --trainable</c>: what training from each value on would take.</summary>
[TestClass]
public sealed class InspectTrainableTests
{
    [TestMethod]
    public async Task EachCutHasItsParametersAndItsMemory()
    {
        using TempFolder folder = new();
        string model = folder.Save(TrainingModels.ConvNet(4, 3));
        CommandResult result = await CommandLine.SucceedAsync("inspect", "--trainable", model);
        Assert.AreEqual("model.onnx: training from a value on, in batches of 16", result.Lines[0]);
        StringAssert.Matches(result.Output, new(@"(?m)^image +2 +811 +20 KiB$"));
        StringAssert.Matches(result.Output, new(@"(?m)^Relu +1 +771 +16 KiB$"));
        JsonElement json = (await CommandLine.SucceedAsync("inspect", "--trainable", "--batch", "2", "--json", model)).Json;
        Assert.AreEqual(2, json.GetProperty("batch").GetInt32());
        Assert.AreEqual(4 * 64 * 2 * 5, json.GetProperty("cuts")[0].GetProperty("activationBytes").GetInt64());
        Assert.AreEqual(0, json.GetProperty("blocking").GetArrayLength());
    }

    [TestMethod]
    public async Task OperatorsInTheWayAreNamedWithARemedy()
    {
        using TempFolder folder = new();
        Graph graph = new();
        GraphBuilder op = new(graph);
        Value x = graph.AddInput("x", ElementType.Float, new Shape(Dimension.Named("batch"), 4));
        Value product = op.MatMul(x, graph.AddInitializer("w", TensorData.FromFloats(TrainingModels.Numbers(16, 1), 4, 4)));
        Value unique = op.Op("Unique", [product], ("axis", 0));
        graph.AddOutput(op.MatMul(op.Tanh(op.Reshape(unique, -1, 4)), graph.AddInitializer("head", TensorData.FromFloats(TrainingModels.Numbers(8, 2), 4, 2))));
        CommandResult result = await CommandLine.SucceedAsync("inspect", "--trainable", folder.Save(new Model(graph) { Opset = GraphBuilder.WorkingOpset }));
        StringAssert.Matches(result.Output, new(@"(?m)^x +2 +24 +\? Unique$"));
        StringAssert.Contains(result.Output, "Operators that no gradient passes\nUnique 'Unique'   'w' → MatMul 'MatMul' → ");
        StringAssert.Matches(result.Output, new(@"Freeze everything before '(\S+)' \(--trainable from:\1\), or cut there\."));
    }

    [TestMethod]
    public async Task ABatchGoesWithTrainable()
    {
        CommandResult result = await CommandLine.RunAsync("inspect", "model.onnx", "--batch", "4");
        Assert.AreEqual(2, result.Code);
        StringAssert.StartsWith(result.Error, "error: --batch goes with --trainable.");
    }
}
