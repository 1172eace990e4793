using OnnxFineTune.Surgery.Serialization.Proto;
using static OnnxFineTune.Surgery.Tests.FunctionModel;
using AttributeType = OnnxFineTune.Surgery.Serialization.Proto.AttributeProto.Types.AttributeType;

namespace OnnxFineTune.Surgery.Tests;

[TestClass]
public sealed class InlineFunctionsTests
{
    private static readonly NodeProto[] Call = [Node("f", "x", "y")];

    private static readonly Dictionary<string, Model> Models = new()
    {
        ["a body of one node"] = Of(21, Call, Function("f", "a", "b", 21, Node("Relu", "a", "b"))),
        ["constants, names of the caller and two calls"] = Of(21, [Node("f", "x", "a"), Node("f", "a", "t"), Node("Add", "t x", "y")],
            Function("f", "x", "y", 21, Node("Constant", "", "t", Constant(1, 2, 3)), Node("Mul", "x t", "a"), Node("Sub", "a x", "y"))),
        ["a function in a function"] = Of(21, Call, Function("f", "a", "b", 21, Node("g", "a", "t"), Node("g", "t", "b")), Function("g", "x", "y", 21, Node("Exp", "x", "t"), Node("Neg", "t", "y"))),
        ["attributes of the caller"] = Of(21, [Node("f", "x", "y", Attribute("slope", 0.3f))],
            Function("f", "a", "b", 21, Node("LeakyRelu", "a", "b", Reference("alpha", "slope", AttributeType.Float)))),
        ["an attribute that nobody sets"] = Of(21, Call, Function("f", "a", "b", 21, Node("LeakyRelu", "a", "b", Reference("alpha", "slope", AttributeType.Float)))),
        ["a default attribute"] = Of(21, Call, WithDefault(Function("f", "a", "b", 21, Node("LeakyRelu", "a", "b", Reference("alpha", "slope", AttributeType.Float))), Attribute("slope", 0.7f))),
        ["a list through two functions"] = Of(21, [Node("f", "x", "y", Attribute("order", 1L, 0L))],
            Function("f", "a", "b", 21, Node("g", "a", "b", Reference("perm_of", "order", AttributeType.Ints))), Function("g", "a", "b", 21, Node("Transpose", "a", "b", Reference("perm", "perm_of", AttributeType.Ints)))),
        ["an input that is left out"] = Of(21, [Node("f", "x . x", "y")], Function("f", "a low high", "b", 21, Node("ReduceMax", "high", "top", Attribute("keepdims", 0)), Node("Clip", "a low top", "b"))),
        ["inputs that are left out at the end"] = Of(21, Call, Function("f", "a low high", "b", 21, Node("Clip", "a low high", "b"))),
        ["an output that is left out"] = Of(21, [Node("f", "x", ". y")], Function("f", "a", "b c", 21, Node("Relu", "a", "b"), Node("Exp", "b", "c"))),
        ["a subgraph that reads the function's values"] = Of(21, [Node("f", "x condition", "y")], Function("f", "a c", "b", 21, Node("Neg", "a", "t"),
            Node("If", "c", "b", Branch("then_branch", Node("Add", "a t", "u"), Node("Exp", "u", "v")), Branch("else_branch", Node("Mul", "a t", "w"))))),
        ["a call in a subgraph"] = Of(21, [Node("Neg", "x", "t"), Node("If", "condition", "y", Branch("then_branch", Node("f", "t", "u")), Branch("else_branch", Node("f", "x", "w")))],
            Function("f", "a", "b", 21, Node("Exp", "a", "t"), Node("Sub", "t a", "b"))),
        ["overloads"] = Of(21, [Overloaded(Node("f", "x", "a"), "one"), Overloaded(Node("f", "a", "y"), "two")],
            Overloaded(Function("f", "a", "b", 21, Node("Neg", "a", "b")), "one"), Overloaded(Function("f", "a", "b", 21, Node("Exp", "a", "b")), "two")),
        ["a function that nothing calls"] = Of(21, [Node("Relu", "x", "y")], Function("f", "a", "b", 21, Node("Neg", "a", "b"))),
    };

    /// <summary>Models that ONNX Runtime refuses, or reads in one operator set, and the same without functions.</summary>
    private static readonly Dictionary<string, (Model Model, Model Reference)> Refused = new()
    {
        ["an output that is an input"] = (Of(21, Call, Function("f", "a", "a", 21)),
            Of(21, [Node("Identity", "x", "y")])),
        ["one value as two outputs"] = (Of(21, [Node("f", "x", "p q"), Node("Mul", "p q", "y")], Function("f", "a", "b b", 21, Node("Neg", "a", "b"))),
            Of(21, [Node("Neg", "x", "p"), Node("Mul", "p p", "y")])),
        ["an earlier operator set"] = (Of(21, Call, Function("f", "a", "b", 11, Node("Softmax", "a", "s", Attribute("axis", 0)), Node("Unsqueeze", "s", "u", Attribute("axes", 0L)), Node("ReduceSum", "u", "b", Attribute("axes", 1L)))),
            Of(11, [Node("Softmax", "x", "s", Attribute("axis", 0)), Node("Unsqueeze", "s", "u", Attribute("axes", 0L)), Node("ReduceSum", "u", "y", Attribute("axes", 1L))])),
        ["an earlier operator set in a function in a function"] = (Of(21, Call, Function("f", "a", "b", 20, Node("Neg", "a", "t"), Node("g", "t", "b")), Function("g", "a", "b", 9, Node("Softmax", "a", "b", Attribute("axis", 0)))),
            Of(9, [Node("Neg", "x", "t"), Node("Softmax", "t", "y", Attribute("axis", 0))])),
        ["a later operator set"] = (Of(11, [Node("Unsqueeze", "x", "s", Attribute("axes", 0L)), Node("f", "s", "y")], Function("f", "a", "b", 20, Node("Constant", "", "axes", Longs(1)), Node("ReduceSum", "a axes", "t"), Node("Gelu", "t", "b"))),
            Of(20, [Node("Constant", "", "zero", Longs(0)), Node("Unsqueeze", "x zero", "s"), Node("Constant", "", "axes", Longs(1)), Node("ReduceSum", "s axes", "t"), Node("Gelu", "t", "y")])),
        ["an operator set after the working one"] = (Of(17, Call, Function("f", "a", "b", 24, Node("Swish", "a", "b", Attribute("alpha", 2f)))),
            Of(24, [Node("Swish", "x", "y", Attribute("alpha", 2f))])),
    };

    public static IEnumerable<object[]> RefusedCases => Refused.Keys.Select(k => new object[] { k });

    public static IEnumerable<object[]> Cases => Models.Keys.Select(k => new object[] { k });

    [TestMethod, DynamicData(nameof(Cases))]
    public void TheModelComputesTheSame(string name) => Check(Models[name], Models[name]);

    [TestMethod, DynamicData(nameof(RefusedCases))]
    public void TheModelComputesWhatItMeans(string name) => Check(Refused[name].Model, Refused[name].Reference);

    private static void Check(Model model, Model reference)
    {
        Model inlined = model.Clone();
        InlineFunctions.Run(inlined);
        Assert.IsFalse(DowngradeOpset.Graphs(inlined.Graph).SelectMany(g => g.Nodes).Any(n => n.Domain == Domain));
        Assert.IsFalse(inlined.OpsetImports.ContainsKey(Domain));
        Assert.AreEqual(0, ModelProto.Parser.ParseFrom(inlined.ToBytes()).Functions.Count);
        foreach (byte condition in new byte[] { 0, 1 })
        {
            TensorData expected = Output(reference, condition);
            foreach (TensorData actual in new[] { Output(inlined, condition), Output(model.ToWorkingForm(), condition) })
            {
                Assert.AreEqual(expected.Shape, actual.Shape);
                foreach ((float e, float a) in expected.ToFloats().Zip(actual.ToFloats()))
                    Assert.AreEqual(e, a, 1e-6f);
            }
        }
    }

    [TestMethod]
    public void AFunctionThatCallsItselfIsNamed()
    {
        Model model = Of(21, Call, Function("f", "a", "b", 21, Node("g", "a", "b")), Function("g", "a", "b", 21, Node("f", "a", "b")));
        StringAssert.Contains(Assert.ThrowsExactly<GraphException>(() => InlineFunctions.Run(model)).Message, "own.f 'y_node");
    }

    private static TensorData Output(Model model, byte condition) => RuntimeSession.RunOnce(model, model.Graph.FeedInputs.ToDictionary(i => i.Name, i => i.Name == "x"
        ? TensorData.FromFloats([0.3f, -1.2f, 0.8f, -0.1f, 1.7f, -0.6f], 2, 3) : TensorData.FromBytes(ElementType.Bool, Shape.Scalar, new[] { condition })))["y"];

    private static FunctionProto WithDefault(FunctionProto function, AttributeProto attribute)
    {
        function.AttributeProto.Add(attribute);
        return function;
    }

    private static NodeProto Overloaded(NodeProto call, string overload)
    {
        call.Overload = overload;
        return call;
    }

    private static FunctionProto Overloaded(FunctionProto function, string overload)
    {
        function.Overload = overload;
        return function;
    }

    private static AttributeProto Longs(params long[] values) =>
        new() { Name = "value", Type = AttributeType.Tensor, T = new TensorProto { DataType = 7, Dims = { values.Length }, Int64Data = { values } } };
}
