namespace OnnxFineTune.Surgery;

/// <summary>Steps of normalizations, softmax and dropout.</summary>
internal static class NormalizationUpgrades
{
    public static readonly IReadOnlyDictionary<(string, int), OpsetUpgrade> Steps = new Dictionary<(string, int), OpsetUpgrade>
    {
        [("BatchNormalization", 9)] = PerChannel,
        [("BatchNormalization", 14)] = ChooseMode,
        [("Dropout", 10)] = MaskOfElementType,
        [("Dropout", 12)] = RatioToInput,
        [("Softmax", 13)] = AlongOneAxis,
        [("LogSoftmax", 13)] = AlongOneAxis,
        [("Hardmax", 13)] = AlongOneAxis,
        [("GroupNormalization", 21)] = AffinePerChannel,
    };

    private static void PerChannel(Node n, GraphBuilder b)
    {
        if (n.Attributes.Int("spatial", 1) == 0)
            throw n.CannotUpgrade("its statistics are per position (spatial = 0), which later operator sets do not have.");
        n.Attributes.Remove("spatial");
    }

    /// <summary>The mode followed from the number of outputs, in files and not in runtimes: outputs that nobody reads do not mean training.</summary>
    private static void ChooseMode(Node n, GraphBuilder b)
    {
        bool[] used = [.. n.Outputs.Select(o => o is not null && (o.Uses.Count > 0 || o.IsOutput))];
        if (used.Skip(3).Any(u => u))
            throw n.CannotUpgrade("its saved statistics are in use, which later operator sets do not give.");
        bool training = used.Skip(1).Any(u => u);
        for (int i = used.Length - 1; i >= (training ? 3 : 1); i--)
            if (i < n.Outputs.Count)
                n.RemoveOutput(i);
        if (training)
            n.Attributes.Set("training_mode", 1);
    }

    /// <summary>The mask had the element type of the data; it is bool now.</summary>
    private static void MaskOfElementType(Node n, GraphBuilder b)
    {
        if (n.Output(1) is not { } mask)
            return;
        ElementType type = n.Inputs[0]!.ElementType == ElementType.Undefined ? ElementType.Float : n.Inputs[0]!.ElementType;
        mask.ElementType = ElementType.Bool;
        if (mask.Uses.Count == 0 && !mask.IsOutput)
            n.RemoveOutput(1);
        else
            n.RewriteOutput(1, b, m => b.Cast(m, type));
    }

    private static void RatioToInput(Node n, GraphBuilder b)
    {
        n.SetInput(1, b.Scalar(n.Attributes.Float("ratio", 0.5f)));
        n.Attributes.Remove("ratio");
    }

    /// <summary>The axis divided the tensor into rows and columns (default 1) and the columns were normalized; now it is the one axis.</summary>
    private static void AlongOneAxis(Node n, GraphBuilder b)
    {
        Value x = n.Inputs[0]!;
        long axis = n.Attributes.Int("axis", 1);
        if (x.Shape is { } shape)
        {
            axis = axis < 0 ? axis + shape.Rank : axis;
            if (shape.Skip((int)axis + 1).All(d => d.Value == 1))
            {
                n.Attributes.Set("axis", axis);
                return;
            }
        }
        Value dimensions = b.ShapeOf(x);
        n.SetInput(0, b.Flatten(x, axis));
        n.Attributes.Set("axis", -1);
        n.RewriteOutput(0, b, y => b.Reshape(y, dimensions));
    }

    /// <summary>Scale and bias were per group.</summary>
    private static void AffinePerChannel(Node n, GraphBuilder b)
    {
        long groups = n.Attributes.Int("num_groups");
        long channels = n.Inputs[0]?.Shape is { Rank: > 1 } shape && shape[1].Value is long size ? size
            : throw n.CannotUpgrade("the number of channels is unknown.");
        for (int i = 1; i <= 2; i++)
            n.SetInput(i, b.Reshape(b.Expand(b.Reshape(n.Inputs[i]!, groups, 1), b.Longs(groups, channels / groups)), channels));
    }
}
