namespace OnnxFineTune.Surgery;

/// <summary>Finds where a model can be cut, and counts what lies before and behind.</summary>
public static class CutPoints
{
    /// <summary>
    /// The float values through which all data flows to the first output, in order from input to output, both without the input itself and the output.
    /// Takes time in proportion to the size of the graph.
    /// </summary>
    /// <param name="model">A model in working form; elsewhere shapes may be missing.</param>
    public static IReadOnlyList<CutPoint> Of(Model model)
    {
        if (model.Graph.Outputs.Count == 0)
            return [];
        Value output = model.Graph.Outputs[0];
        DataPaths paths = new(model.Graph, output);
        long[] parameters = ParametersUpTo(model, paths);
        long?[] operations = [.. paths.Nodes.Select(MultiplyAccumulates.Of)];
        long?[] before = RunningSums(operations), after = RunningSums([.. operations.Reverse()]);
        List<CutPoint> points = [];
        foreach (Value cut in paths.Cuts.Where(v => v != output && v.Producer is not null && v.ElementType == ElementType.Float))
        {
            int nodes = paths.NodesUpTo(cut);
            points.Add(new CutPoint(TensorSummary.Of(cut), parameters[nodes], parameters[^1] - parameters[nodes], before[nodes], after[operations.Length - nodes]));
        }
        return points;
    }

    /// <summary>Numbers in the parameters that the first n nodes read, by n.</summary>
    private static long[] ParametersUpTo(Model model, DataPaths paths)
    {
        HashSet<Value> left = [.. Parameters.Of(model)], reached = DataPaths.Reached(model.Graph);
        long[] upTo = new long[paths.Nodes.Count + 1];
        for (int i = 0; i < paths.Nodes.Count; i++)
            upTo[i + 1] = upTo[i] + ConstantSource.ReadBy(paths.Nodes[i], reached).Where(left.Remove).Sum(p => p.Data!.Count);
        return upTo;
    }

    /// <summary>The sum of the first n numbers, by n.</summary>
    private static long?[] RunningSums(long?[] numbers)
    {
        long?[] sums = new long?[numbers.Length + 1];
        sums[0] = 0;
        for (int i = 0; i < numbers.Length; i++)
            sums[i + 1] = sums[i] + numbers[i];
        return sums;
    }
}
