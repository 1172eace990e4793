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

    /// <summary>x [N, 8] with a dimension more, or not, which its own shape decides: PyTorch exports <c>squeeze</c> like this.</summary>
    public static Model ConditionalRank()
    {
        Model model = Empty(out GraphBuilder b);
        Value x = model.Graph.AddInput("x", ElementType.Float, new Shape(Dimension.Named("N"), 8));
        Value isEight = b.Equal(b.Squeeze(b.Shape_(x, 1, 2), 0), b.Long(8));
        Value y = b.Op("If", [isEight], ("then_branch", Branch(unsqueezes: true)), ("else_branch", Branch(unsqueezes: false)));
        model.Graph.SetOutputs(Name(y, "y"));
        return model;

        Graph Branch(bool unsqueezes)
        {
            GraphBuilder inner = new(new Graph("branch", model.Graph));
            inner.Graph.SetOutputs(unsqueezes ? inner.Unsqueeze(x, 1) : inner.Relu(x));
            return inner.Graph;
        }
    }

    /// <summary>x [4, 6] through operators whose result has a size that elements of inputs decide: a target shape, widths, axes and elements of x.</summary>
    public static Model DataDependentSizes()
    {
        Model model = Empty(out GraphBuilder b);
        Value x = model.Graph.AddInput("x", ElementType.Float, Shape.Of(4, 6));
        Value shape = model.Graph.AddInput("shape", ElementType.Int64, Shape.Of(2));
        Value pads = model.Graph.AddInput("pads", ElementType.Int64, Shape.Of(4));
        Value axes = model.Graph.AddInput("axes", ElementType.Int64, Shape.Of(1));
        Value padded = Name(b.Pad(x, pads), "padded");
        model.Graph.SetOutputs(
            Name(b.Reshape(x, shape), "reshaped"), padded, Name(b.Relu(padded), "relu"), Name(b.Op("ReduceSum", [x, axes], ("keepdims", 1)), "sum"), Name(b.Op("NonZero", [x]), "places"));
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
