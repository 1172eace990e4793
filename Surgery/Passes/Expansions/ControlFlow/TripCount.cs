namespace OnnxFineTune.Surgery;

/// <summary>
/// How many rounds a Loop makes: what decides it (the count, the condition, and the carried values that the condition inside follows from) is cut out and run, where all of it
/// is constant.
/// </summary>
internal static class TripCount
{
    /// <summary>More rounds than this are not counted.</summary>
    public const int Largest = 10_000;

    private const string Rounds = "trip_count//rounds";

    /// <summary>The number of rounds, one more than <see cref="Largest"/> where there are more, or null where it is not known.</summary>
    public static int? Of(Node loop)
    {
        Graph body = loop.Attributes.Graph("body")!;
        if (loop.Input(0) is { } count && count.ConstantContent() is null || loop.Input(1) is { } condition && condition.ConstantContent() is null)
            return null;
        HashSet<Value> needed = Needed(loop, body);
        int[] carried = [.. Enumerable.Range(0, loop.Inputs.Count - 2).Where(i => needed.Contains(body.Inputs[2 + i]))];
        if (needed.Any(v => v.Graph != body && v.ConstantContent() is null) || carried.Any(i => loop.Inputs[2 + i]!.ConstantContent() is null))
            return null;
        Model model = Extract(loop, body, needed, carried);
        return (int)RuntimeSession.RunOnce(model, new Dictionary<string, TensorData>())[Rounds].Shape.ElementCount!.Value;
    }

    /// <summary>The values, of the body and around it, that the condition for another round follows from, in this round and through carried values in those before.</summary>
    private static HashSet<Value> Needed(Node loop, Graph body)
    {
        HashSet<Value> needed = [];
        Stack<Value> open = new([body.Outputs[0]]);
        while (open.TryPop(out Value? value))
            if (needed.Add(value))
            {
                int index = value.Graph == body && value.IsInput ? body.Inputs.ToList().IndexOf(value) : -1;
                if (index >= 2)
                    open.Push(body.Outputs[index - 1]);
                foreach (Value read in value is { Producer: { } producer } && value.Graph == body ? TopologicalOrder.Reads(producer) : [])
                    if (IsSeen(read, loop))
                        open.Push(read);
            }
        return needed;
    }

    /// <summary>Values of deeper subgraphs go with their node.</summary>
    private static bool IsSeen(Value value, Node loop)
    {
        for (Graph? graph = loop.Attributes.Graph("body"); graph is not null; graph = graph.Outer)
            if (value.Graph == graph)
                return true;
        return false;
    }

    /// <summary>A model of the loop with the carried values that count, which collects the number of each round in <see cref="Rounds"/>.</summary>
    private static Model Extract(Node loop, Graph body, HashSet<Value> needed, int[] carried)
    {
        Graph graph = new("rounds");
        Dictionary<Value, Value> outer = [];
        foreach (Value value in needed.Where(v => v.Graph != body))
            outer[value] = graph.AddInitializer(value.Name, value.ConstantContent()!);
        Graph copy = GraphCopy.Of(body, out _, graph, outer);
        GraphBuilder inner = new(copy, "rounds");
        Value round = inner.Identity(copy.Inputs[0]);
        copy.SetOutputs([copy.Outputs[0], .. carried.Select(i => copy.Outputs[1 + i]), inner.Reshape(round, 1)]);
        RemoveUnused.Run(copy);
        foreach (Value parameter in copy.Inputs.Where((p, i) => i >= 2 && !carried.Contains(i - 2)).ToArray())
            copy.RemoveInput(parameter);
        long most = Math.Min(loop.Input(0)?.ConstantContent() is { } count ? count.ToLongs()[0] : long.MaxValue, Largest + 1);
        Value[] inputs =
        [
            graph.AddInitializer("trip_count//most", TensorData.Scalar(most)),
            loop.Input(1) is { } first ? Constant(first) : graph.AddInitializer("trip_count//true", TensorData.FromBytes(ElementType.Bool, Shape.Scalar, new byte[] { 1 })),
            .. carried.Select(i => Constant(loop.Inputs[2 + i]!)),
        ];
        Node rounds = graph.AddNode("Loop", inputs, [.. carried.Select(i => (string?)$"trip_count//last{i}"), Rounds]);
        rounds.Attributes.Set("body", copy);
        graph.SetOutputs(rounds.Outputs[^1]!);
        return new Model(graph) { Opset = GraphBuilder.WorkingOpset };

        Value Constant(Value value) => graph.AddInitializer(value.Name, value.ConstantContent()!);
    }
}
