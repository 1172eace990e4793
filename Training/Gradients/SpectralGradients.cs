using OnnxFineTune.Surgery;

namespace OnnxFineTune.Training;

/// <summary>Gradients of Fourier transforms: they are linear, so the gradient goes through the adjoint, which is a Fourier transform too.</summary>
internal static class SpectralGradients
{
    /// <summary>The rules of the family.</summary>
    public static readonly GradientRuleSet Rules = new()
    {
        { "DFT", Transform, "a constant axis" },
        { "STFT", ShortTime },
    };

    private static IReadOnlyList<Value?> Transform(GraphBuilder op, ForwardNode n, Value g)
    {
        if (n.Input(2) is { Data: null })
            throw new GraphException($"The gradient of {n.Node} needs a constant axis. Freeze everything before '{n.Y.Name}' or cut there.");
        int axis = (int)(n.Input(2)?.Data!.ToLongs()[0] ?? -2);
        axis = axis < 0 ? axis + n.Rank : axis;
        Value? given = n.Input(1) is { } input ? op.Reshape(op.Cast(input, ElementType.Int64), 1) : null;
        Value length = given ?? op.SizeOf(n.X, axis);
        Value spectrum = n.Attributes.Int("inverse") != 0
            ? op.Div(op.Op("DFT", [g, null, op.Long(axis)]), op.CastLike(length, g))
            : Adjoint(op, g, n.Rank, axis, length, n.Attributes.Int("onesided") != 0);
        Value full = given is null ? spectrum : Resized(op, spectrum, n.Rank, axis, op.SizeOf(n.X, axis));
        return [n.X.Shape![-1].Value == 1 ? Real(op, full) : full];
    }

    /// <summary>Σₖ g[k]·e^(2πi·jk/N), which is N times the inverse transform; bins that a one-sided transform leaves out have no gradient.</summary>
    private static Value Adjoint(GraphBuilder op, Value g, int rank, int axis, Value length, bool oneSided)
    {
        Value bins = oneSided ? Resized(op, g, rank, axis, length) : g;
        return op.Mul(op.Op("DFT", [bins, null, op.Long(axis)], ("inverse", 1)), op.CastLike(length, g));
    }

    /// <summary>Cut to a length along an axis, or with zeros up to it.</summary>
    private static Value Resized(GraphBuilder op, Value x, int rank, int axis, Value length)
    {
        Value missing = op.Max(op.Sub(length, op.Shape_(x, axis, axis + 1)), op.Longs(0));
        Value widths = op.Concat(0, op.Longs(new long[rank + axis]), missing, op.Longs(new long[rank - axis - 1]));
        return op.Slice(op.Pad(x, widths), op.Longs(0), length, op.Longs(axis));
    }

    private static Value Real(GraphBuilder op, Value spectrum) => op.Slice(spectrum, -1, 0, 1);

    /// <summary>Each frame is a piece of the signal, multiplied by the window and transformed; pieces overlap, so their gradients are added up.</summary>
    private static IReadOnlyList<Value?> ShortTime(GraphBuilder op, ForwardNode n, Value g)
    {
        Value? window = n.Input(2) is { } given ? op.Unsqueeze(given, 1) : null;
        Value length = n.Input(3) is { } input ? op.Reshape(op.Cast(input, ElementType.Int64), 1) : op.SizeOf(n.Input(2)!, 0);
        Value spectrum = Adjoint(op, g, 4, 2, length, n.Attributes.Int("onesided", 1) != 0);
        bool isComplex = n.Rank == 3 && n.X.Shape![2].Value == 2;
        Value frames = isComplex ? spectrum : Real(op, spectrum);       // [N, frames, length, 1 or 2], as the pieces
        Value places = Places(op, n, length);
        Value signal = n.Rank == 3 ? n.X : op.Unsqueeze(n.X, 2);
        return
        [
            n.Needs(0) ? op.ReshapeTo(Overlapped(op, signal, window is null ? frames : op.Mul(frames, window), places), null, n.X) : null,
            null,
            n.Needs(2) ? op.ReduceSum(op.Mul(frames, op.Gather(signal, places, 1)), [0, 1, 3], keepDims: false) : null,
        ];
    }

    /// <summary>[frames, length]: where in the signal the elements of each frame are.</summary>
    private static Value Places(GraphBuilder op, ForwardNode n, Value length)
    {
        Value starts = op.Mul(Count(op, op.Shape_(n.Y, 1, 2)), op.Cast(n.B, ElementType.Int64));
        return op.Add(op.Unsqueeze(starts, 1), Count(op, length));
    }

    private static Value Count(GraphBuilder op, Value length) => op.Range(op.Long(0), op.Squeeze(length, 0), op.Long(1));

    private static Value Overlapped(GraphBuilder op, Value signal, Value frames, Value places)
    {
        Value zeros = op.ZerosLike(signal, frames);
        Value updates = op.Reshape(frames, op.Concat(0, op.Shape_(signal, 0, 1), op.Longs(-1), op.Shape_(signal, 2, 3)));
        Value indices = op.Expand(op.Reshape(places, 1, -1, 1), op.Shape_(updates));
        return op.ScatterElements(zeros, indices, updates, 1, "add");
    }
}
