using Google.Protobuf;
using OnnxFineTune.Surgery.Serialization.Proto;

namespace OnnxFineTune.Surgery.Tests;

/// <summary>One node x → y0, y1 … of an old operator set.</summary>
public sealed record UpgradeCase(string OpType, int Opset, long[] Shape)
{
    /// <summary>Inputs after x; an empty tensor is an input that is there and empty.</summary>
    public TensorData[] Constants { get; init; } = [];

    /// <summary>Attributes by name.</summary>
    public (string Name, object Value)[] Attributes { get; init; } = [];

    /// <summary>Number of outputs.</summary>
    public int Outputs { get; init; } = 1;

    /// <summary>The first input where it is not float, or not of any sign.</summary>
    public TensorData? X { get; init; }

    /// <summary>What the case is about.</summary>
    public string Note { get; init; } = "";

    /// <summary>The model around the node.</summary>
    public Model Build()
    {
        Model model = NewModel();
        Value[] inputs = [model.Graph.AddInput("x", Input().ElementType, Input().Shape), .. Constants.Select((c, i) => model.Graph.AddInitializer($"c{i}", c))];
        model.Graph.SetOutputs(AddNode(model.Graph, inputs, "y"));
        return model;
    }

    /// <summary>The model with the node in a branch of an If, which reads all of its inputs from the graph around.</summary>
    public Model BuildInBranch()
    {
        Model model = NewModel();
        Value[] inputs = [model.Graph.AddInput("x", Input().ElementType, Input().Shape), .. Constants.Select((c, i) => model.Graph.AddInitializer($"c{i}", c))];
        Value condition = model.Graph.AddInitializer("condition", TensorData.FromBytes(ElementType.Bool, Surgery.Shape.Scalar, new byte[] { 1 }));
        Node choice = model.Graph.AddNode("If", [condition], [.. Enumerable.Range(0, Outputs).Select(i => $"y{i}")]);
        foreach (string name in new[] { "then_branch", "else_branch" })
        {
            Graph branch = new(name, model.Graph);
            branch.SetOutputs(AddNode(branch, inputs, $"{name}_y"));
            choice.Attributes.Set(name, branch);
        }
        model.Graph.SetOutputs([.. choice.Outputs.OfType<Value>()]);
        return model;
    }

    /// <summary>A model of the working operator set that calls a function in that of the case; the constants are in the function.</summary>
    public Model BuildInFunction()
    {
        ModelProto proto = ModelProto.Parser.ParseFrom(Build().ToBytes());
        FunctionProto function = FunctionModel.Function("f", "x", string.Join(' ', proto.Graph.Output.Select(o => o.Name)), Opset,
        [
            .. proto.Graph.Initializer.Select(i => new NodeProto
            {
                OpType = "Constant", Output = { i.Name }, Attribute = { new AttributeProto { Name = "value", Type = AttributeProto.Types.AttributeType.Tensor, T = i } },
            }),
            .. proto.Graph.Node,
        ]);
        proto.Graph.Node.Clear();
        proto.Graph.Initializer.Clear();
        proto.Graph.Node.Add(new NodeProto { OpType = "f", Domain = FunctionModel.Domain, Input = { "x" }, Output = { function.Output } });
        proto.Functions.Add(function);
        proto.OpsetImport[0].Version = GraphBuilder.WorkingOpset;
        proto.OpsetImport.Add(new OperatorSetIdProto { Domain = FunctionModel.Domain, Version = 1 });
        return Model.Parse(proto.ToByteArray());
    }

    private Model NewModel() => new(new Graph()) { Opset = Opset, IrVersion = 8 };

    private Value[] AddNode(Graph graph, Value[] inputs, string output)
    {
        Node node = graph.AddNode(OpType, inputs, [.. Enumerable.Range(0, Outputs).Select(i => $"{output}{i}")]);
        foreach ((string name, object value) in Attributes)
            node.Attributes.Set(name, value);
        return [.. node.Outputs.OfType<Value>()];
    }

    /// <summary>Elements between −1 and 1, none twice, where none are given.</summary>
    public TensorData Input()
    {
        if (X is not null)
            return X;
        int count = (int)Shape.Aggregate(1L, (a, b) => a * b);
        return TensorData.FromFloats([.. Enumerable.Range(0, count).Select(i => MathF.Sin(1 + i * 1.7f))], Shape);
    }

    /// <summary>Changes the model and asserts that its outputs stay what they were.</summary>
    public void AssertSameOutputs(Model model, Action<Model> change, float tolerance) => AssertSameOutputs(model, model, change, tolerance);

    /// <summary>Changes <paramref name="model"/> and asserts that its outputs are those of <paramref name="reference"/>.</summary>
    public void AssertSameOutputs(Model reference, Model model, Action<Model> change, float tolerance)
    {
        Dictionary<string, TensorData> feeds = new() { ["x"] = Input() };
        IReadOnlyDictionary<string, TensorData> expected = RuntimeSession.RunOnce(reference, feeds);
        change(model);
        IReadOnlyDictionary<string, TensorData> actual = RuntimeSession.RunOnce(model, feeds);
        CollectionAssert.AreEqual(expected.Keys.ToArray(), actual.Keys.ToArray());
        foreach ((string name, TensorData value) in expected)
        {
            Assert.AreEqual(value.ToString(), actual[name].ToString());
            float[] e = value.ToFloats(), a = actual[name].ToFloats();
            for (int i = 0; i < e.Length; i++)
                Assert.AreEqual(e[i], a[i], tolerance, $"{name}[{i}]");
        }
    }

    /// <inheritdoc/>
    public override string ToString() => $"{OpType}-{Opset} {string.Join(", ", Attributes.Select(a => a.Name))} {Note}";
}
