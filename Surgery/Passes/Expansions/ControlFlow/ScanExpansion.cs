namespace OnnxFineTune.Surgery;

/// <summary>A Scan along axes of known size, round by round.</summary>
internal static class ScanExpansion
{
    /// <summary>Each round reads its slice of the scanned inputs; what the rounds give is put together along the axes that the node names.</summary>
    public static string? Unroll(Node n, GraphBuilder b)
    {
        if (n.CallersAttribute() is { } reason)
            return reason;
        Graph body = n.Attributes.Graph("body")!;
        int scanned = (int)n.Attributes.Int("num_scan_inputs"), carried = n.Inputs.Count - scanned;
        long[] axes = n.Attributes.Ints("scan_input_axes") ?? new long[scanned];
        Value[] inputs = [.. n.Inputs.Skip(carried).Select(v => v!)];
        if (inputs.Zip(axes).FirstOrDefault(i => Size(i.First, i.Second) is null or 0) is { First: { } open, Second: long axis })
            return $"for that the size of axis {axis} of '{open.Name}' {open.Shape?.ToString() ?? "of unknown shape"}, along which it goes, must be known: "
                + "give the dimension of the model's input that it comes from a fixed size";
        int rounds = (int)Size(inputs[0], axes[0])!.Value;
        long[] directions = n.Attributes.Ints("scan_input_directions") ?? new long[scanned];
        Value[][] slices = [.. inputs.Select((x, i) => Slices(b, x, axes[i], rounds, directions[i] != 0))];
        Value[] state = [.. n.Inputs.Take(carried).Select(v => v!)];
        List<Value[]> results = [];
        SubgraphRounds copies = new(b, body);
        for (int i = 0; i < rounds; i++)
        {
            results.Add(copies.Append($"{i}", [.. state, .. slices.Select(s => s[i])]));
            state = results[^1][..carried];
        }
        n.ReplaceBy([.. state.Select(b.Identity), .. Enumerable.Range(0, body.Outputs.Count - carried).Select(i => Collected(n, b, i, carried, results))]);
        return null;
    }

    private static long? Size(Value x, long axis) => x.Shape is { } shape && axis < shape.Rank && axis >= -shape.Rank ? shape[(int)axis].Value : null;

    private static Value[] Slices(GraphBuilder b, Value x, long axis, int rounds, bool reverse)
    {
        IReadOnlyList<Value> parts = rounds == 1 ? [x] : b.Split(x, axis, [.. Enumerable.Repeat(1L, rounds)]);
        Value[] slices = [.. parts.Select(p => b.Squeeze(p, axis))];
        if (reverse)
            Array.Reverse(slices);
        return slices;
    }

    private static Value? Collected(Node n, GraphBuilder b, int index, int carried, List<Value[]> results)
    {
        if (n.Output(carried + index) is null)
            return null;
        long axis = n.Attributes.Ints("scan_output_axes")?[index] ?? 0;
        Value[] parts = [.. results.Select(r => b.Unsqueeze(r[carried + index], axis))];
        if ((n.Attributes.Ints("scan_output_directions")?[index] ?? 0) != 0)
            Array.Reverse(parts);
        return b.Identity(b.Concat(axis, parts));
    }
}
