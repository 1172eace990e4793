using OnnxFineTune.Surgery;

namespace OnnxFineTune.Models;

/// <summary>Models with a batch size written into them, as exporters leave them.</summary>
public static class StaticBatchModels
{
    /// <summary>image [B, 3, 4, 4] → convolution → channel shuffle → [B, −1] → Gemm → [B, 5].</summary>
    public static Model Convolution(long batch)
    {
        GraphBuilder b = Image(batch, out Model model, out Value x);
        Value y = b.Relu(b.Conv(x, b.Graph.AddInitializer("conv.weight", Weights(6, 3, 3, 3)), pads: [1, 1, 1, 1]));
        y = b.Reshape(b.Transpose(b.Reshape(y, batch, 2, 3, 4, 4), 0, 2, 1, 3, 4), batch, -1, 4, 4);
        Value sizes = b.Longs(batch, 6, 2, 2);
        y = b.Op("Resize", [y, null, null, sizes], ("mode", "nearest"), ("coordinate_transformation_mode", "asymmetric"), ("nearest_mode", "floor"));
        y = b.Gemm(b.Reshape(y, batch, 24), b.Graph.AddInitializer("fc.weight", Weights(5, 24)), transB: true);
        return Finish(model, y);
    }

    /// <summary>image [B, 3, 4, 4] → 4 patches and a class token → attention with 2 heads over [tokens, B·heads, …] → [B, 5].</summary>
    public static Model Attention(long batch)
    {
        GraphBuilder b = Image(batch, out Model model, out Value x);
        Value patches = b.Conv(x, b.Graph.AddInitializer("patch.weight", Weights(8, 3, 2, 2)), strides: [2, 2]);
        Value tokens = b.Transpose(b.Reshape(patches, batch, 8, 4), 0, 2, 1);
        Value token = b.Graph.AddInitializer("token", Weights(1, 1, 8));
        if (batch > 1)                                                                              // for one image exporters leave Expand out
            token = b.Expand(token, b.Longs(batch, 1, 8));
        const long length = 5;
        tokens = b.Add(b.Concat(1, token, tokens), b.Graph.AddInitializer("position", Weights(1, length, 8)));
        Value sequence = b.Transpose(tokens, 1, 0, 2);                                             // [tokens, B, 8]
        Value heads = b.Transpose(b.Reshape(sequence, length, batch * 2, 4), 1, 0, 2);              // [B·2, tokens, 4]
        Value scores = b.Softmax(b.MatMul(heads, b.Transpose(heads, 0, 2, 1)));
        Value mixed = b.Reshape(b.Transpose(b.MatMul(scores, heads), 1, 0, 2), length * batch, 8);   // [tokens·B, 8]
        mixed = b.Transpose(b.Reshape(b.Gemm(mixed, b.Graph.AddInitializer("out.weight", Weights(8, 8))), length, batch, 8), 1, 0, 2);
        Value first = b.Gather(mixed, b.Long(0), 1);
        Value y = b.Gemm(b.Add(first, b.ReduceMean(mixed, [1], keepDims: false)), b.Graph.AddInitializer("fc.weight", Weights(8, 5)));
        return Finish(model, y);
    }

    /// <summary>image [1, 3, 4, 4] → one vector [48] for the one image: there is no batch to free.</summary>
    public static Model SingleImage()
    {
        GraphBuilder b = Image(1, out Model model, out Value x);
        return Finish(model, b.Relu(b.Reshape(x, 48)));
    }

    private static GraphBuilder Image(long batch, out Model model, out Value x)
    {
        model = new Model(new Graph()) { Opset = GraphBuilder.WorkingOpset };
        x = model.Graph.AddInput("image", ElementType.Float, Shape.Of(batch, 3, 4, 4));
        return new GraphBuilder(model.Graph);
    }

    private static Model Finish(Model model, Value y)
    {
        model.Graph.Rename(y, "y");
        model.Graph.SetOutputs(y);
        RemoveUnused.Run(model.Graph);
        return model;
    }

    private static TensorData Weights(params long[] shape) =>
        TensorData.FromFloats([.. Enumerable.Range(0, (int)shape.Aggregate(1L, (a, b) => a * b)).Select(i => MathF.Sin(i * 0.9f + shape.Length) * 0.5f)], shape);
}
