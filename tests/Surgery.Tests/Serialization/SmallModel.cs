namespace OnnxFineTune.Surgery.Tests.Serialization;

/// <summary>y = x · w, with 2 MiB of weights: large enough to be mapped.</summary>
internal static class SmallModel
{
    public const int Rows = 1024, Columns = 512;

    public static Model Create(float scale = 1)
    {
        Graph graph = new("small");
        Value x = graph.AddInput("x", ElementType.Float, new Shape(Dimension.Named("N"), Rows));
        float[] weights = [.. Enumerable.Range(0, Rows * Columns).Select(i => scale * (i % 17 - 8))];
        Value w = graph.AddInitializer("w", TensorData.FromFloats(weights, Rows, Columns));
        Value b = graph.AddInitializer("b", TensorData.FromFloats(new float[Columns], Columns));
        Value product = graph.AddNode("MatMul", [x, w], ["product"]).Outputs[0]!;
        Value y = graph.AddNode("Add", [product, b], ["y"]).Outputs[0]!;
        y.ElementType = ElementType.Float;
        graph.AddOutput(y);
        return new Model(graph) { Opset = 17, IrVersion = 8 };
    }

    public static float[] Run(Model model)
    {
        float[] input = [.. Enumerable.Range(0, Rows).Select(i => i % 5f)];
        return RuntimeSession.RunOnce(model, new Dictionary<string, TensorData> { ["x"] = TensorData.FromFloats(input, 1, Rows) })["y"].ToFloats();
    }
}
