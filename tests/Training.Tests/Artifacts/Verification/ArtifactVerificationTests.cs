using OnnxFineTune.Surgery;
using static OnnxFineTune.Training.TrainingArtifacts;

namespace OnnxFineTune.Training.Tests;

/// <summary>Good artifacts have no findings, and each way to damage them has exactly one.</summary>
[TestClass]
public sealed class ArtifactVerificationTests
{
    private const string Buffer = "head.weight_grad.accumulation.buffer", Updated = "head.weight_grad.accumulation.out";

    private static readonly DamageCase[] Cases =
    [
        new("no training model", f => File.Delete(Path.Combine(f, TrainingModelFile)), TrainingModelFile, "write them again"),
        new("no evaluation model", f => File.Delete(Path.Combine(f, EvaluationModelFile)), EvaluationModelFile),
        new("no optimizer model", f => File.Delete(Path.Combine(f, OptimizerModelFile)), OptimizerModelFile),
        new("no checkpoint", f => File.Delete(Path.Combine(f, CheckpointFile)), CheckpointFile),
        DamageCase.Bytes("an empty model", EvaluationModelFile, b => [], "empty"),
        DamageCase.Bytes("a model cut off", TrainingModelFile, b => b[..(b.Length / 2)], "cut off"),
        DamageCase.Bytes("a text instead of a model", OptimizerModelFile, b => "not a model"u8.ToArray(), "no ONNX model"),
        DamageCase.Bytes("an empty checkpoint", CheckpointFile, b => [], "empty"),
        DamageCase.Bytes("a checkpoint cut off", CheckpointFile, b => b[..(b.Length - 40)], "cut off"),
        DamageCase.Bytes("a model instead of a checkpoint", CheckpointFile, b => GoodArtifacts.Build().EvaluationModel.ToBytes(), "ODTC"),
        DamageCase.Bytes("another identifier", CheckpointFile, b => [.. b[..4], .. "ODTX"u8, .. b[8..]], "ODTC"),
        DamageCase.Bytes("version 3", CheckpointFile, b => Replaced(b, VersionAt(b), 3), "version 3", "version 2"),
        DamageCase.Bytes("version 1", CheckpointFile, b => Replaced(b, VersionAt(b), 1), "version 1", "version 2"),

        DamageCase.Checkpoint("a trained parameter that is not in the graph", c => c with { Trainable = With(c.Trainable, "stray", TensorData.Scalar(1f)), OptimizerGroups = [] }, "'stray'", "no input of training_model.onnx"),
        DamageCase.Checkpoint("a trained parameter that the checkpoint lacks", c => c with { Trainable = Without(c.Trainable, "head.bias") }, "lacks 'head.bias'", "ask the caller") ,
        DamageCase.Checkpoint("a frozen parameter that the checkpoint lacks", c => c with { Frozen = Without(c.Frozen, "body.bias") }, "lacks 'body.bias'", "ask the caller"),
        DamageCase.Checkpoint("a trained parameter listed as frozen", c => c with { Trainable = Without(c.Trainable, "head.bias"), Frozen = With(c.Frozen, "head.bias", c.Trainable["head.bias"]) }, "'head.bias' as frozen"),
        DamageCase.Checkpoint("a frozen parameter listed as trained", c => c with { Trainable = With(c.Trainable, "body.bias", c.Frozen["body.bias"]), Frozen = Without(c.Frozen, "body.bias"), OptimizerGroups = [] }, "gradient buffer for 'body.bias'"),
        DamageCase.Checkpoint("a parameter of another shape", c => c with { Trainable = With(c.Trainable, "head.bias", TensorData.FromFloats([1, 2], 2)), OptimizerGroups = [] }, "'head.bias'", "[2]", "[3]"),
        DamageCase.Checkpoint("a parameter of another type", c => c with { Frozen = With(c.Frozen, "body.bias", TensorData.FromLongs([1, 2, 3, 4, 5], 5)) }, "'body.bias'", "Int64", "Float"),
        DamageCase.Checkpoint("another group", c => c with { OptimizerGroups = [c.OptimizerGroups[0] with { Name = "group1" }] }, "'group1'", "'group0'"),
        DamageCase.Checkpoint("no moments of a parameter", c => WithMoments(c, m => Without(m, "head.bias")), "state", "lacks 'head.bias'"),
        DamageCase.Checkpoint("no second moment", c => WithMoments(c, m => With(m, "head.bias", Without(m["head.bias"], "momentum1"))), "'head.bias'", "'momentum1'"),
        DamageCase.Checkpoint("a moment of another shape", c => WithMoments(c, m => With(m, "head.bias", With(m["head.bias"], "momentum0", TensorData.FromFloats([1, 2], 2)))), "'momentum0' of 'head.bias'", "[2]"),

        DamageCase.Training("no buffer", g => { Node n = Accumulator(g); Value gradient = n.Inputs[1]!; g.SetOutputs([.. g.Outputs.Where(o => o.Name != Updated)]); g.RemoveNodes([n]); g.RemoveInput(g.Get(Buffer)); }, "gradient buffer", "'head.weight'"),
        DamageCase.Training("a buffer of another shape", g => g.Get(Buffer).Shape = Shape.Of(7), $"'{Buffer}'", "[7]"),
        DamageCase.Training("no accumulation", g => { g.SetOutputs([.. g.Outputs.Where(o => o.Name != Updated)]); g.RemoveNodes([Accumulator(g)]); }, "InPlaceAccumulatorV2", "'head.weight'"),
        DamageCase.Training("no lazy_reset_grad", g => Detach(g, "lazy_reset_grad"), "no input 'lazy_reset_grad'"),
        DamageCase.Training("the loss is not first", g => g.SetOutputs([g.Outputs[1], g.Outputs[0], .. g.Outputs.Skip(2)]), "first output of training_model.onnx", "loss"),
        DamageCase.Training("another flag resets", g => Accumulator(g).SetInput(2, Constant(g, TensorData.FromBytes(ElementType.Bool, Shape.Of(1), new byte[] { 1 }))), "does not read 'lazy_reset_grad'"),
        DamageCase.Training("the loss is no scalar", g => g.SetOutputs([.. Vector(g), .. g.Outputs.Skip(1)]), "first output of training_model.onnx", "Float [4]"),
        DamageCase.Training("an input that ends as a gradient", g => g.Rename(g.Get("x"), "x_grad"), "input 'x_grad'", "rename"),
        DamageCase.Training("an output that ends as a gradient", g => g.Rename(g.Outputs[1], "y_grad"), "output 'y_grad'", "rename"),
        DamageCase.Evaluation("another order of parameters", g => Reorder(g, "head.bias"), "by position", "one order"),
        DamageCase.Evaluation("a parameter too few", g => Freeze(g, "body.bias"), "does not take 'body.bias'"),
        DamageCase.Evaluation("the evaluation's loss is not first", g => g.SetOutputs(g.Outputs[1], g.Outputs[0]), "first output of eval_model.onnx"),
        DamageCase.Evaluation("a parameter of another shape in evaluation", g => g.Get("head.bias").Shape = Shape.Of(4), "'head.bias'", "eval_model.onnx"),

        DamageCase.Optimizer("inputs in another order", g => Reorder(g, "step"), "in this order"),
        DamageCase.Optimizer("an input of another name", g => g.Rename(g.Get("learning_rate"), "rate"), "rate, step", "learning_rate, step"),
        DamageCase.Optimizer("two optimizers", g => g.AddNode("AdamWOptimizer", g.Nodes[0].Inputs, ["second"], "com.microsoft"), "2 optimizer nodes"),
        DamageCase.Optimizer("a step of another type", g => g.Get("step").ElementType = ElementType.Float, "'step'", "Int64 [1]"),

        DamageCase.Optimizer("a flag that is no flag", g => g.Outputs[0].ElementType = ElementType.Float, "Bool [1]"),
        DamageCase.Optimizer("no optimizer", g => g.Nodes[0].OpType = "LambOptimizer", "0 optimizer nodes"),

        DamageCase.Model("IR 11", TrainingModelFile, m => m.IrVersion = 11, "IR version 11"),
        DamageCase.Model("no IR version", EvaluationModelFile, m => m.IrVersion = 0, "IR version 0"),
        DamageCase.Model("operator set 6", EvaluationModelFile, m => m.Opset = 6, "operator set 6"),
        DamageCase.Model("operator set 22", EvaluationModelFile, m => m.Opset = 22, "operator set 22"),
        DamageCase.Model("an operator of a later set", EvaluationModelFile, m => Append(m, "Swish", ""), "Swish", "does not have"),
        DamageCase.Model("an operator of a later set than the model's", EvaluationModelFile, m => { m.Opset = 19; Append(m, "Gelu", ""); }, "Gelu", "in operator set 19"),
        DamageCase.Model("an unknown operator of the runtime's domain", TrainingModelFile, m => Append(m, "FasterGelu", "com.microsoft"), "com.microsoft.FasterGelu"),
        DamageCase.Model("an operator of an unknown domain", EvaluationModelFile, m => { m.OpsetImports["own"] = 1; Append(m, "Gate", "own"); }, "own.Gate"),
        DamageCase.Model("version 2 of the runtime's operators", OptimizerModelFile, m => m.OpsetImports["com.microsoft"] = 2, "only version 1"),
    ];

    public static IEnumerable<object[]> Rows => Cases.Select(c => new object[] { c });

    /// <summary>Oddities that the runtime takes, as was seen.</summary>
    private static readonly DamageCase[] Harmless =
    [
        DamageCase.Checkpoint("a frozen parameter that no model has", c => c with { Frozen = With(c.Frozen, "stray", TensorData.Scalar(1f)) }),
        DamageCase.Checkpoint("moments of a parameter that is not trained", c => WithMoments(c, m => With(m, "stray", m["head.bias"]))),
        DamageCase.Training("accumulation without its output", g => g.SetOutputs([.. g.Outputs.Where(o => o.Name != Updated)])),
        DamageCase.Training("flags before the loss", g => g.SetOutputs([g.Outputs[2], g.Outputs[0], g.Outputs[1], .. g.Outputs.Skip(3)])),
        DamageCase.Training("a flag without dimensions", g => g.Get("lazy_reset_grad").Shape = Shape.Scalar),
        DamageCase.Evaluation("no output but the loss", g => g.SetOutputs(g.Outputs[0])),
        DamageCase.Evaluation("an input of the evaluation that ends as a gradient", g => g.Rename(g.Get("x"), "x_grad")),
        DamageCase.Optimizer("AdamW's flag without dimensions", g => g.Outputs[0].Shape = Shape.Scalar),
        DamageCase.Optimizer("a rate without dimensions", g => g.Get("learning_rate").Shape = Shape.Scalar),
        DamageCase.Model("no version of the runtime's operators", TrainingModelFile, m => m.OpsetImports.Remove("com.microsoft")),
        DamageCase.Model("no version of the standard's operators", EvaluationModelFile, m => m.OpsetImports.Remove("")),
        DamageCase.Model("an earlier operator set", EvaluationModelFile, m => (m.Opset, m.IrVersion) = (12, 3)),
    ];

    public static IEnumerable<object[]> HarmlessRows => Harmless.Select(c => new object[] { c });

    public static IEnumerable<object[]> Good =>
    [
        [new ArtifactOptions()],
        [new ArtifactOptions { Optimizer = new Sgd { Momentum = 0 } }],
        [new ArtifactOptions { Clipping = new GradientClipping(), GradientAccumulation = true }],
        [new ArtifactOptions { Nominal = true }],
    ];

    [TestMethod, DynamicData(nameof(Good))]
    public void GoodArtifactsHaveNoFindings(ArtifactOptions options)
    {
        using GoodArtifacts artifacts = new(options, withState: !options.Nominal);
        Assert.AreEqual("", string.Join("\n", ArtifactVerification.Check(artifacts.Folder)));
    }

    [TestMethod, DynamicData(nameof(Rows))]
    public void EachDamageIsOneSentence(DamageCase c)
    {
        using GoodArtifacts artifacts = new();
        c.Damage(artifacts.Folder);
        IReadOnlyList<string> findings = ArtifactVerification.Check(artifacts.Folder);
        Assert.HasCount(1, findings, string.Join("\n", findings));
        foreach (string word in c.Words)
            StringAssert.Contains(findings[0], word);
        StringAssert.EndsWith(findings[0], ".");
    }

    [TestMethod, DynamicData(nameof(HarmlessRows))]
    public void WhatTheRuntimeTakesIsNoFinding(DamageCase c)
    {
        using GoodArtifacts artifacts = new();
        c.Damage(artifacts.Folder);
        Assert.AreEqual("", string.Join("\n", ArtifactVerification.Check(artifacts.Folder)));
    }

    [TestMethod]
    public void TheFlagOfSgdHasNoDimensions()
    {
        using GoodArtifacts artifacts = new(new ArtifactOptions { Optimizer = new Sgd { Momentum = 0 } });
        DamageCase.Optimizer("a flag of [1]", g => g.Outputs[0].Shape = Shape.Of(1)).Damage(artifacts.Folder);
        string finding = ArtifactVerification.Check(artifacts.Folder).Single();
        StringAssert.Contains(finding, "SGDOptimizerV2 is Bool []");
    }

    [TestMethod]
    public void MomentsOfAnotherOptimizerAreSaid()
    {
        using GoodArtifacts artifacts = new(new ArtifactOptions { Optimizer = new Sgd { Momentum = 0 } }), adam = new();
        File.Copy(Path.Combine(adam.Folder, OptimizerModelFile), Path.Combine(artifacts.Folder, OptimizerModelFile), overwrite: true);
        IReadOnlyList<string> findings = ArtifactVerification.Check(artifacts.Folder);
        Assert.HasCount(2, findings, "one for each trained parameter");
        StringAssert.Contains(findings[0], "lacks 'momentum1'");
    }

    [TestMethod]
    public void AFolderThatIsNotThereIsSaid() => StringAssert.Contains(ArtifactVerification.Check("/nowhere/at/all").Single(), "no folder");

    private static Node Accumulator(Graph g) => g.Get(Buffer).Uses.Single().Node;

    private static void Append(Model model, string opType, string domain)
    {
        Graph g = model.Graph;
        Value y = g.AddNode(opType, [g.Outputs[1]], ["appended"], domain).Outputs[0]!;
        (y.ElementType, y.Shape) = (ElementType.Float, g.Outputs[1].Shape);
        g.AddOutput(y);
    }

    /// <summary>Puts an input behind the others.</summary>
    private static void Reorder(Graph g, string name)
    {
        Value[] inputs = [.. g.Inputs];
        Value last = g.Get(name);
        g.RemoveInput(last);
        g.AddInput(last);
    }

    /// <summary>The input is a constant.</summary>
    private static void Detach(Graph g, string name)
    {
        Value value = g.Get(name);
        g.RemoveInput(value);
        g.SetInitializer(value, TensorData.FromBytes(ElementType.Bool, Shape.Of(1), new byte[] { 1 }));
    }

    private static Value Constant(Graph g, TensorData data) => g.AddInitializer("constant", data);

    private static Value[] Vector(Graph g)
    {
        Value four = new GraphBuilder(g).Expand(g.Outputs[0], Constant(g, TensorData.Vector(4)));
        four.Shape = Shape.Of(4);
        return [four];
    }

    private static void Freeze(Graph g, string name)
    {
        Value value = g.Get(name);
        g.RemoveInput(value);
        g.SetInitializer(value, TensorData.FromFloats(new float[value.Shape!.ElementCount!.Value], value.Shape.ToArray()));
    }

    private static Dictionary<string, T> With<T>(IReadOnlyDictionary<string, T> all, string name, T value) => new(all) { [name] = value };

    private static Dictionary<string, T> Without<T>(IReadOnlyDictionary<string, T> all, string name) => all.Where(p => p.Key != name).ToDictionary();

    private static Checkpoint WithMoments(Checkpoint c, Func<IReadOnlyDictionary<string, IReadOnlyDictionary<string, TensorData>>, IReadOnlyDictionary<string, IReadOnlyDictionary<string, TensorData>>> change) =>
        c with { OptimizerGroups = [c.OptimizerGroups[0] with { Moments = change(c.OptimizerGroups[0].Moments) }] };

    private static byte[] Replaced(byte[] bytes, int at, byte value)
    {
        bytes[at] = value;
        return bytes;
    }

    /// <summary>Where the version is: the first field of the root table.</summary>
    private static int VersionAt(byte[] bytes)
    {
        int root = BitConverter.ToInt32(bytes, 0);
        return root + BitConverter.ToInt16(bytes, root - BitConverter.ToInt32(bytes, root) + 4);
    }
}
