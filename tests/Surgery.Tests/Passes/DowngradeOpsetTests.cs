using Google.Protobuf;
using OnnxFineTune.Surgery.Serialization.Proto;

namespace OnnxFineTune.Surgery.Tests;

/// <summary>What a downgrade does besides its steps: subgraphs, functions, refusals and what it leaves alone.</summary>
[TestClass]
public sealed class DowngradeOpsetTests
{
    [TestMethod]
    public void NodesOfSubgraphsAreDowngradedToo()
    {
        Model model = new(new Graph()) { Opset = 24, IrVersion = 12 };
        Value x = model.Graph.AddInput("x", ElementType.Float, Shape.Of(2, 3));
        Value condition = model.Graph.AddInput("condition", ElementType.Bool, Shape.Scalar);
        Value outer = model.Graph.AddNode("Swish", [x], ["outer"]).Outputs[0]!;
        Node choice = model.Graph.AddNode("If", [condition], ["y"]);
        Graph then = new("then_branch", model.Graph), otherwise = new("else_branch", model.Graph);
        then.AddOutput(then.AddNode("Swish", [outer], ["inner"]).Outputs[0]!);
        otherwise.AddOutput(otherwise.AddNode("RMSNormalization", [x, model.Graph.AddInitializer("scale", TensorData.FromFloats([1, 2, 3], 3))], ["normalized"]).Outputs[0]!);
        choice.Attributes.Set("then_branch", then);
        choice.Attributes.Set("else_branch", otherwise);
        model.Graph.SetOutputs(choice.Outputs[0]!, outer);
        foreach (bool value in new[] { true, false })
            CheckSame(model, new() { ["x"] = Numbers(2, 3), ["condition"] = TensorData.FromBytes(ElementType.Bool, Shape.Scalar, new[] { value ? (byte)1 : (byte)0 }) });
    }

    [TestMethod]
    public void BodiesOfFunctionsAreDowngradedToo()
    {
        ModelProto proto = ModelProto.Parser.ParseFrom(new UpgradeCase("Identity", 24, [2, 3]).Build().ToBytes());
        proto.IrVersion = 12;
        proto.OpsetImport.Add(new OperatorSetIdProto { Domain = "own", Version = 1 });
        proto.Graph.Node[0].OpType = "Gate";
        proto.Graph.Node[0].Domain = "own";
        proto.Functions.Add(new FunctionProto
        {
            Name = "Gate", Domain = "own", Input = { "a" }, Output = { "b" }, OpsetImport = { new OperatorSetIdProto { Domain = "", Version = 24 } },
            Node = { new NodeProto { OpType = "Swish", Input = { "a" }, Output = { "b" }, Attribute = { new AttributeProto { Name = "alpha", F = 2, Type = AttributeProto.Types.AttributeType.Float } } } },
        });
        Model model = Model.Parse(proto.ToByteArray());
        CheckSame(model, new() { ["x"] = Numbers(2, 3) });
        FunctionProto function = ModelProto.Parser.ParseFrom(Downgraded(model).ToBytes()).Functions.Single();
        Assert.AreEqual(21, function.OpsetImport.Single().Version);
        Assert.IsFalse(function.Node.Any(n => n.OpType == "Swish"));
    }

    [TestMethod]
    public void SizesThatAreKnownAtRunTimeOnly()
    {
        Model model = new(new Graph()) { Opset = 23, IrVersion = 11 };
        Value x = model.Graph.AddInput("x", ElementType.Float, new Shape(Dimension.Named("batch"), Dimension.Named("positions"), Dimension.Named("width")));
        Node attention = model.Graph.AddNode("Attention", [x, x, x], ["y"]);
        attention.Attributes.Set("q_num_heads", 2);
        attention.Attributes.Set("kv_num_heads", 2);
        attention.Attributes.Set("is_causal", 1);
        model.Graph.SetOutputs(attention.Outputs[0]!);
        CheckSame(model, new() { ["x"] = Numbers(2, 4, 6) });
    }

    [TestMethod]
    [DataRow("BitCast", 26, "BitCast 'y0'", "bits"), DataRow("Relu", 27, "operator set 27", "up to 26")]
    public void WhatHasNoEquivalentIsNamed(string opType, int version, string node, string reason)
    {
        Model model = new UpgradeCase(opType, version, [2, 3, 4]).Build();
        foreach (Value output in model.Graph.Outputs)
            (output.ElementType, output.Shape) = (ElementType.Float, Shape.Of(2, 3, 4));
        GraphException e = Assert.ThrowsExactly<GraphException>(() => DowngradeOpset.Run(model));
        StringAssert.Contains(e.Message, node);
        StringAssert.Contains(e.Message, reason);
    }

    [TestMethod]
    public void AnInputThatCameLaterIsNamed()
    {
        Model model = new(new Graph()) { Opset = 24, IrVersion = 12 };
        Value x = model.Graph.AddInput("x", ElementType.Float, Shape.Of(2, 3, 4, 6)), lengths = model.Graph.AddInput("lengths", ElementType.Int64, Shape.Of(2));
        model.Graph.SetOutputs(model.Graph.AddNode("Attention", [x, x, x, null, null, null, lengths], ["y"]).Outputs[0]!);
        StringAssert.Contains(Assert.ThrowsExactly<GraphException>(() => DowngradeOpset.Run(model)).Message, "nonpad_kv_seqlen");
    }

    [TestMethod]
    public void AnElementTypeThatCameLaterIsNamed()
    {
        Model model = new(new Graph()) { Opset = 22, IrVersion = 10 };
        Value x = model.Graph.AddInput("x", ElementType.BFloat16, Shape.Of(2, 3));
        Value y = model.Graph.AddNode("Softplus", [model.Graph.AddNode("Add", [x, x], ["sum"]).Outputs[0]!], ["y"]).Outputs[0]!;
        (y.ElementType, y.Shape, y.Producer!.Inputs[0]!.Shape) = (ElementType.BFloat16, x.Shape, x.Shape);
        y.Producer!.Inputs[0]!.ElementType = ElementType.BFloat16;
        model.Graph.SetOutputs(y);
        GraphException e = Assert.ThrowsExactly<GraphException>(() => DowngradeOpset.Run(model));
        StringAssert.Contains(e.Message, "Softplus 'y'");
        StringAssert.Contains(e.Message, "BFloat16");
    }

    [TestMethod]
    public void AnEarlierModelKeepsItsOperatorSet()
    {
        Model model = new UpgradeCase("Relu", 17, [2, 3]).Build();
        model.IrVersion = 8;
        DowngradeOpset.Run(model);
        Assert.AreEqual((17L, 8L), (model.Opset, model.IrVersion));
    }

    private static Model Downgraded(Model model)
    {
        Model copy = model.Clone();
        DowngradeOpset.Run(copy);
        return copy;
    }

    private static void CheckSame(Model model, Dictionary<string, TensorData> feeds)
    {
        Model downgraded = Downgraded(model);
        Assert.AreEqual((21L, 10L), (downgraded.Opset, downgraded.IrVersion));
        IReadOnlyDictionary<string, TensorData> expected = RuntimeSession.RunOnce(model, feeds), actual = RuntimeSession.RunOnce(downgraded, feeds);
        foreach ((string name, TensorData value) in expected)
            foreach ((float e, float a) in value.ToFloats().Zip(actual[name].ToFloats()))
                Assert.AreEqual(e, a, 1e-6f, name);
    }

    private static TensorData Numbers(params long[] shape) =>
        TensorData.FromFloats([.. Enumerable.Range(0, (int)shape.Aggregate(1L, (a, b) => a * b)).Select(i => MathF.Sin(1 + i * 1.7f))], shape);
}
