using OnnxFineTune.Surgery;

namespace OnnxFineTune.Models;

/// <summary>Small models whose shapes are hard to tell.</summary>
public static class ShapeModels
{
    /// <summary>x [N, 4, 6] reshaped to [N, 24] and [4·N, 6] by arithmetic on its shape, as PyTorch exports it.</summary>
    public static Model ShapeArithmetic()
    {
        Model model = Empty(out GraphBuilder b);
        Value x = model.Graph.AddInput("x", ElementType.Float, new Shape(Dimension.Named("N"), 4, 6));
        Value shape = b.Op("Shape", [x]);
        Value n = b.Gather(shape, b.Long(0));
        Value rows = Name(b.Reshape(x, b.Concat(0, b.Unsqueeze(n, 0), b.Longs(-1))), "rows");
        Value fours = b.Mul(n, b.Gather(shape, b.Long(1)));
        Value lines = Name(b.Reshape(rows, b.Concat(0, b.Unsqueeze(fours, 0), b.Longs(6))), "lines");
        model.Graph.SetOutputs(lines, Name(b.ReduceSum(lines, [], keepDims: false), "sum"));
        return model;
    }

    /// <summary>x [N, 8] reshaped to a shape that only a run can tell: even its rank depends on the elements.</summary>
    public static Model DataDependentRank()
    {
        Model model = Empty(out GraphBuilder b);
        Value x = model.Graph.AddInput("x", ElementType.Float, new Shape(Dimension.Named("N"), 8));
        Value never = b.Op("IsNaN", [b.Gather(b.Reshape(x, -1), b.Longs(0))]);      // [1], always false
        Value keep = b.Concat(0, b.Not(never), b.Not(never), never, b.Not(never));
        Value kept = b.Op("Compress", [b.Longs(0, 2, 5, 4), keep], ("axis", 0));
        model.Graph.SetOutputs(Name(b.Reshape(x, kept), "y"));
        return model;
    }

    /// <summary>x [N, 3, H, W] through a convolution with a large weight.</summary>
    public static Model FreeImageSize(TensorData weight)
    {
        Model model = Empty(out GraphBuilder b);
        Value x = model.Graph.AddInput("x", ElementType.Float, new Shape(Dimension.Named("N"), 3, Dimension.Named("H"), Dimension.Named("W")));
        Value y = Name(b.Relu(b.Conv(x, b.Graph.AddInitializer("w", weight), pads: [1, 1, 1, 1])), "y");
        model.Graph.SetOutputs(y, Name(b.GlobalAveragePool(y), "pooled"));
        return model;
    }

    private static Model Empty(out GraphBuilder builder)
    {
        Model model = new(new Graph()) { Opset = GraphBuilder.WorkingOpset };
        builder = new GraphBuilder(model.Graph);
        return model;
    }

    private static Value Name(Value value, string name)
    {
        value.Graph.Rename(value, name);
        return value;
    }
}
