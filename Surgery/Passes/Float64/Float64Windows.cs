namespace OnnxFineTune.Surgery;

/// <summary>Convolution and average pooling over copies of their windows: one strided Slice for each place in the window.</summary>
internal static class Float64Windows
{
    /// <summary>[G, M/G, places·C/G] · [N, G, places·C/G, positions], a group of channels at a time.</summary>
    public static string? Conv(Node n, GraphBuilder b)
    {
        (Value x, Value w) = (n.Inputs[0]!, n.Inputs[1]!);
        if (w.Shape is not { IsStatic: true } shape)
            return "the size of its weights is unknown";
        long[] sizes = shape.ToArray(), kernel = sizes[2..];
        if (Windows(n, b, x, kernel) is not { } windows)
            return "its padding follows from sizes that are unknown";
        long groups = n.Attributes.Int("group", 1), places = kernel.Aggregate(1L, (a, k) => a * k);
        Value columns = b.Concat(2, [.. windows.Select(v => b.Reshape(v, 0, groups, sizes[1], -1))]);
        Value byPlace = b.Transpose(b.Reshape(w, groups, sizes[0] / groups, sizes[1], places), 0, 1, 3, 2);
        Value products = b.MatMul(b.Reshape(byPlace, groups, sizes[0] / groups, places * sizes[1]), columns);
        Value y = b.Reshape(products, b.Concat(0, b.Shape_(windows[0], 0, 1), b.Longs(sizes[0]), b.Shape_(windows[0], 2)));
        n.ReplaceBy(n.Input(2) is { } bias ? b.Add(y, b.Reshape(bias, [1, -1, .. kernel.Select(_ => 1L)])) : y);
        return null;
    }

    /// <summary>The sum over each window by the number of its elements, those in the padding only where <c>count_include_pad</c> says so.</summary>
    public static string? AveragePool(Node n, GraphBuilder b)
    {
        Value x = n.Inputs[0]!;
        long[] kernel = n.Attributes.Ints("kernel_shape")!;
        if (n.Attributes.Int("ceil_mode") != 0 || Windows(n, b, x, kernel) is not { } windows)
            return "its output is rounded up, or its padding follows from sizes that are unknown";
        Value count = b.Scalar(kernel.Aggregate(1L, (a, k) => a * k));
        if (n.Attributes.Int("count_include_pad") == 0)
        {
            Value ones = b.ConstantOfShape(b.Shape_(x), TensorData.FromFloats([1f], 1));
            count = b.Sum(Windows(n, b, ones, kernel)!);
        }
        n.ReplaceBy(b.Div(b.Sum(windows), count));
        return null;
    }

    /// <summary>For each place in the window, the elements that it meets, [N, C, positions…]; null where the padding is not known.</summary>
    private static Value[]? Windows(Node n, GraphBuilder b, Value x, long[] kernel)
    {
        int axes = kernel.Length;
        long[] strides = n.Attributes.Ints("strides") ?? [.. Enumerable.Repeat(1L, axes)], dilations = n.Attributes.Ints("dilations") ?? [.. Enumerable.Repeat(1L, axes)];
        if (Pads(n, n.Inputs[0]!, kernel, strides, dilations) is not { } pads)
            return null;
        Value padded = pads.All(p => p == 0) ? x : b.Pad(x, b.Longs([0, 0, .. pads[..axes], 0, 0, .. pads[axes..]]));
        Value along = b.Longs([.. Enumerable.Range(2, axes).Select(i => (long)i)]);
        List<Value> windows = [];
        for (long place = 0; place < kernel.Aggregate(1L, (a, k) => a * k); place++)
        {
            long[] starts = new long[axes], ends = new long[axes];
            for ((int i, long rest) = (axes - 1, place); i >= 0; rest /= kernel[i], i--)
            {
                starts[i] = rest % kernel[i] * dilations[i];
                long behind = (kernel[i] - 1 - rest % kernel[i]) * dilations[i];
                ends[i] = behind == 0 ? long.MaxValue : -behind;
            }
            windows.Add(b.Slice(padded, b.Longs(starts), b.Longs(ends), along, b.Longs(strides)));
        }
        return [.. windows];
    }

    private static long[]? Pads(Node n, Value x, long[] kernel, long[] strides, long[] dilations)
    {
        int axes = kernel.Length;
        string mode = n.Attributes.String("auto_pad", "NOTSET");
        if (mode is "NOTSET" or "VALID")
            return mode == "NOTSET" && n.Attributes.Ints("pads") is { } given ? given : new long[2 * axes];
        long[] pads = new long[2 * axes];
        for (int i = 0; i < axes; i++)
        {
            if (x.Shape?[i + 2].Value is not long size)
                return null;
            long outputs = (size + strides[i] - 1) / strides[i], total = Math.Max(0, (outputs - 1) * strides[i] + (kernel[i] - 1) * dilations[i] + 1 - size);
            pads[i] = mode == "SAME_UPPER" ? total / 2 : total - total / 2;
            pads[i + axes] = total - pads[i];
        }
        return pads;
    }
}
