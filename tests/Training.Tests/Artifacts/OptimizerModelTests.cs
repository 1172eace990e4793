using OnnxFineTune.Surgery;

namespace OnnxFineTune.Training.Tests;

[TestClass]
public sealed class OptimizerModelTests
{
    private static readonly string[] AdamInputs = ["learning_rate", "step", "params", "gradients", "first_order_moments", "second_order_moments"];

    public static IEnumerable<(IOptimizer Optimizer, long Mode, float Decay)> AdamForms =>
    [
        (new AdamW { Beta1 = 0.8, Beta2 = 0.98, Epsilon = 1e-7 }, 0, 0.01f),
        (new AdamW { Form = AdamWForm.HuggingFace, WeightDecay = 0.1, Beta1 = 0.8, Beta2 = 0.98, Epsilon = 1e-7 }, 1, 0.1f),
        (new Adam { Beta1 = 0.8, Beta2 = 0.98, Epsilon = 1e-7 }, 0, 0),
    ];

    [TestMethod, DynamicData(nameof(AdamForms))]
    public void AdamTakesTwoMoments(IOptimizer optimizer, long mode, float decay)
    {
        Model model = OptimizerModelBuilder.Build(optimizer, null);
        CollectionAssert.AreEqual(AdamInputs, ArtifactModels.Names(model.Graph.Inputs));
        Node node = model.Graph.Nodes.Single();
        Assert.AreEqual(("AdamWOptimizer", "com.microsoft"), (node.OpType, node.Domain));
        CollectionAssert.AreEqual(AdamInputs, ArtifactModels.Names(node.Inputs!));
        Assert.AreEqual((mode, 1L, decay, 0.8f, 0.98f, 1e-7f), (node.Attributes.Int("adam_mode"), node.Attributes.Int("correct_bias"), node.Attributes.Float("weight_decay", -1),
            node.Attributes.Float("alpha"), node.Attributes.Float("beta"), node.Attributes.Float("epsilon")));
        Assert.AreEqual("Bool [1]", $"{model.Graph.Outputs.Single().ElementType} {model.Graph.Outputs[0].Shape}");
    }

    [TestMethod]
    public void SgdTakesOneMomentWhichItDoesNotRead()
    {
        Model model = OptimizerModelBuilder.Build(new Sgd(), null);
        CollectionAssert.AreEqual(AdamInputs[..5], ArtifactModels.Names(model.Graph.Inputs));
        Node node = model.Graph.Nodes.Single();
        Assert.AreEqual(("SGDOptimizerV2", "com.microsoft"), (node.OpType, node.Domain));
        CollectionAssert.AreEqual(new[] { "learning_rate", "params", "gradients" }, ArtifactModels.Names(node.Inputs!));
        Assert.AreEqual("Bool []", $"{model.Graph.Outputs.Single().ElementType} {model.Graph.Outputs[0].Shape}");
    }

    [TestMethod]
    public void TensorsComeInSequences()
    {
        // TypeProto in wire format: sequence_type (4) { elem_type (1) { tensor_type (1) { elem_type (1): 1 } } }, without a shape.
        ReadOnlySpan<byte> sequence = [0x22, 0x06, 0x0A, 0x04, 0x0A, 0x02, 0x08, 0x01];
        Assert.AreEqual(4, OptimizerModelBuilder.Build(new AdamW(), null).ToBytes().AsSpan().Count(sequence));
        Assert.AreEqual(3, OptimizerModelBuilder.Build(new Sgd(), null).ToBytes().AsSpan().Count(sequence));
        Graph graph = OptimizerModelBuilder.Build(new AdamW(), null).Graph;
        Assert.AreEqual("learning_rate: Float [1], step: Int64 [1]", string.Join(", ", graph.Inputs.Take(2)));
    }

    [TestMethod]
    public void ClippingComesBeforeTheUpdate()
    {
        foreach (IOptimizer optimizer in new IOptimizer[] { new AdamW(), new Sgd() })
        {
            Node[] nodes = [.. OptimizerModelBuilder.Build(optimizer, new GradientClipping { MaxNorm = 0.5 }).Graph.Nodes];
            Assert.AreEqual(("InplaceClipGradNorm", 0.5f), (nodes[0].OpType, nodes[0].Attributes.Float("max_norm")));
            Assert.AreEqual("gradients", nodes[0].Inputs.Single()!.Name);
            Assert.IsTrue(nodes[1].Inputs.Contains(nodes[0].Outputs[0]));
            Assert.IsFalse(nodes[1].Inputs.Any(i => i!.Name == "gradients"));
        }
    }

    public static IEnumerable<(ArtifactOptions Options, string Part)> Unsupported =>
    [
        (new ArtifactOptions { Optimizer = new Adam { WeightDecay = 0.1 } }, "take AdamW"),
        (new ArtifactOptions { Optimizer = new Sgd { Momentum = 0.9 } }, "without momentum"),
        (new ArtifactOptions { Optimizer = new Sgd { WeightDecay = 0.1 } }, "without momentum and weight decay"),
        (new ArtifactOptions { Optimizer = new OtherOptimizer() }, "no OtherOptimizer"),
        (new ArtifactOptions { Optimizer = new AdamW { Beta1 = 2 } }, "Beta1"),
        (new ArtifactOptions { Clipping = new GradientClipping { MaxNorm = 0 } }, "MaxNorm"),
    ];

    [TestMethod, DynamicData(nameof(Unsupported))]
    public void WhatTheRuntimeCannotDoIsRefused(ArtifactOptions options, string part) =>
        StringAssert.Contains(Assert.ThrowsExactly<ArgumentException>(() => ArtifactModels.Build(ArtifactModels.Mlp(), ArtifactModels.Head, options)).Message, part);

    private sealed record OtherOptimizer : IOptimizer
    {
        public IReadOnlyList<string> StateNames => [];

        public IReadOnlyList<Value> Build(GraphBuilder op, ParameterUpdate update) => [update.Parameter];
    }
}
