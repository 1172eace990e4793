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

    /// <summary>What the case is about.</summary>
    public string Note { get; init; } = "";

    /// <summary>The model around the node.</summary>
    public Model Build()
    {
        Model model = new(new Graph()) { Opset = Opset, IrVersion = 8 };
        Value x = model.Graph.AddInput("x", ElementType.Float, Surgery.Shape.Of(Shape));
        Value[] constants = [.. Constants.Select((c, i) => model.Graph.AddInitializer($"c{i}", c))];
        Node node = model.Graph.AddNode(OpType, [x, .. constants], [.. Enumerable.Range(0, Outputs).Select(i => $"y{i}")]);
        foreach ((string name, object value) in Attributes)
            node.Attributes.Set(name, value);
        model.Graph.SetOutputs([.. node.Outputs.OfType<Value>()]);
        return model;
    }

    /// <summary>Elements between −1 and 1, none twice.</summary>
    public TensorData Input()
    {
        int count = (int)Shape.Aggregate(1L, (a, b) => a * b);
        return TensorData.FromFloats([.. Enumerable.Range(0, count).Select(i => MathF.Sin(1 + i * 1.7f))], Shape);
    }

    /// <summary>Changes the model and asserts that its outputs stay what they were.</summary>
    public void AssertSameOutputs(Model model, Action<Model> change, float tolerance)
    {
        Dictionary<string, TensorData> feeds = new() { ["x"] = Input() };
        IReadOnlyDictionary<string, TensorData> expected = RuntimeSession.RunOnce(model, feeds);
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
