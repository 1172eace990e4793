namespace OnnxFineTune.Surgery;

/// <summary>Appends the nodes of an adapter.</summary>
internal static class AdapterNodes
{
    /// <summary>Gives a weight its A and B, and each node that reads it what they add.</summary>
    public static void Append(AdaptableWeight weight, InitialWeights initial, AdapterSettings settings)
    {
        Graph graph = weight.Weight.Graph;
        string name = weight.Weight.Name;
        Value a = Parameter(Model.AdapterA(name), initial.Uniform(weight.Inputs, weight.ShapeOfA(settings.Rank)));      // as PEFT and loralib: Kaiming uniform with a = √5
        long[] shape = weight.ShapeOfB(settings.Rank);
        Value b = Parameter(Model.AdapterB(name), TensorData.FromFloats(new float[shape.Aggregate((x, y) => x * y)], shape));
        if (weight.IsSum(settings.Rank))
            Sum(weight, a, b, settings);
        else
            foreach (WeightUse use in weight.Uses)
                Branch(new GraphBuilder(graph, $"{name}/lora"), use, a, b, settings.Scale);

        Value Parameter(string parameter, TensorData data) => graph.Find(parameter) is null ? graph.AddInitializer(parameter, data)
            : throw new GraphException($"The model has a value '{parameter}' already, which is the name of an adapter. Leave '{name}' out, or start from the model without adapters.");
    }

    /// <summary>W + s·B·A in place of W, group by group.</summary>
    private static void Sum(AdaptableWeight weight, Value a, Value b, AdapterSettings settings)
    {
        Graph graph = weight.Weight.Graph;
        Use[] uses = [.. weight.Weight.Uses];
        GraphBuilder op = new(graph, $"{weight.Weight.Name}/lora") { Before = weight.Uses[0].Node };      // the first that reads it
        long[] groups = weight.Groups > 1 ? [weight.Groups] : [];
        Value left = op.Reshape(b, [.. groups, weight.Outputs, settings.Rank]), right = op.Reshape(a, [.. groups, settings.Rank, weight.Inputs]);
        Value sum = op.Add(weight.Weight, op.Reshape(op.MatMul(Scaled(op, left, settings.Scale), right), [.. weight.Weight.Data!.Shape.Select(d => d.Value!.Value)]));
        Shaped(sum, weight.Weight);
        foreach (Use use in uses)
            use.Node.SetInput(use.Index, sum);
    }

    /// <summary>B(A(x)) in convolutions, x·Aᵀ·(s·B)ᵀ, or s·B·(A·x) where the weight is the first factor, added to what the node computes; the sum gets the name of the node's output.</summary>
    private static void Branch(GraphBuilder op, WeightUse use, Value a, Value b, float scale)
    {
        Node node = use.Node;
        Graph graph = op.Graph;
        Value result = node.Outputs[0]!, data = node.Inputs[1 - use.Index]!;
        string name = result.Name, nodeName = node.Name;
        graph.Rename(result, graph.UniqueName($"{name}{Model.BeforeAdapter}"));
        node.Name = nodeName;
        op.Before = graph.Nodes.SkipWhile(n => n != node).Skip(1).FirstOrDefault();
        Value factor = Scaled(op, b, scale);
        Value sum = node.OpType == "Conv" ? op.Add(result, OfConvolution(op, node, data, a, factor))
            : node.OpType == "Gemm" ? OfGemm(op, use, data, a, factor, result)
            : use.Index == 0 ? op.Add(result, op.MatMul(factor, op.MatMul(a, data)))
            : op.Add(result, op.MatMul(op.MatMul(data, op.Transpose(a, 1, 0)), op.Transpose(factor, 1, 0)));
        Shaped(sum, result);
        foreach (Use read in result.Uses.Where(u => u.Node != sum.Producer).ToArray())
            read.Node.SetInput(read.Index, sum);
        graph.ReplaceOutput(result, sum);
        graph.Rename(sum, name);
        sum.Producer!.Name = $"{name}/lora";
    }

    /// <summary>A convolution of the same form to rank channels, and one of 1×1 to the outputs, group by group.</summary>
    private static Value OfConvolution(GraphBuilder op, Node node, Value data, Value a, Value b)
    {
        Value narrow = op.Op("Conv", [data, a]);
        foreach (NodeAttribute attribute in node.Attributes)
            narrow.Producer!.Attributes.Set(attribute);
        return op.Conv(narrow, b, group: node.Attributes.Int("group", 1));
    }

    /// <summary>A Gemm takes what it adds to as its third input, and its own alpha applies to the branch too.</summary>
    private static Value OfGemm(GraphBuilder op, WeightUse use, Value data, Value a, Value b, Value result)
    {
        float alpha = use.Node.Attributes.Float("alpha", 1);
        return use.Index == 0
            ? op.Gemm(b, op.Gemm(a, data, transB: use.Node.Attributes.Int("transB") != 0), result, alpha: alpha)
            : op.Gemm(op.Gemm(data, a, transA: use.Node.Attributes.Int("transA") != 0, transB: true), b, result, transB: true, alpha: alpha);
    }

    private static Value Scaled(GraphBuilder op, Value b, float scale) => scale == 1 ? b : op.Mul(b, op.Scalar(scale));

    private static void Shaped(Value value, Value like) => (value.ElementType, value.Shape) = (like.ElementType, like.Shape);
}
