using OnnxFineTune.Surgery;

namespace OnnxFineTune.Training;

/// <summary>Whether data and model fit, before any work is done.</summary>
internal static class DatasetChecks
{
    /// <summary>The loss for the targets of a data set.</summary>
    public static ILoss DefaultLoss(IDataset dataset) =>
        dataset.Count == 0 || dataset.ClassOf(0) is not null ? new SoftmaxCrossEntropy() : dataset.Labels.Count > 0 ? new BinaryCrossEntropyWithLogits() : new MeanSquaredError();

    /// <summary>Checks that inputs and targets of the data set are those of the model.</summary>
    /// <exception cref="DatasetException">They are not; the message says which and what to change.</exception>
    public static void Fit(IDataset dataset, PreparedModel model)
    {
        if (dataset.Count == 0)
            throw new DatasetException("The data set holds no examples.");
        Shape input = model.Input.Shape ?? throw new GraphException($"The shape of the input '{model.Input.Name}' is unknown.");
        long[] example = dataset.InputShape.ToArray();
        if (input.Rank != example.Length + 1 || input.Skip(1).Zip(example).Any(d => d.First.Value is { } size && size != d.Second))
            throw new DatasetException($"The examples are {dataset.InputShape}, but the model takes {input} as '{model.Input.Name}'. Prepare them in that size and layout.");
        Shape output = model.Graph.Output.Shape!;
        if (model.Loss.OutputKind == OutputKind.ClassLogits && (model.Loss.TargetType == ElementType.Int64 || dataset.ClassOf(0) is not null))
            FitClasses(dataset, output[-1].Value);
        else if (output.Skip(1).Aggregate((long?)1, (count, d) => count * d.Value) is { } values && values != dataset.TargetLength)
            throw new DatasetException($"A target has {dataset.TargetLength} values, but the model's output '{model.Graph.Output.Name}' {output} has {values}. " +
                $"Attach a head of {dataset.TargetLength} outputs.");
    }

    /// <summary>Checks that every class has an example that could be read.</summary>
    /// <exception cref="DatasetException">A class has none; the message names it.</exception>
    public static void HasEveryClass(IDataset dataset, IReadOnlyList<int> readable)
    {
        if (readable.Count == 0)
            throw new DatasetException($"None of the {dataset.Count} examples can be read. Are they pictures of a kind that can be decoded (JPEG, PNG, WebP, BMP or GIF)?");
        if (dataset.ClassOf(readable[0]) is null)
            return;
        HashSet<int> present = [.. readable.Select(i => dataset.ClassOf(i)!.Value)];
        string[] missing = [.. dataset.Labels.Where((_, i) => !present.Contains(i))];
        if (missing.Length > 0)
            throw new DatasetException($"No example of {string.Join(", ", missing.Select(m => $"'{m}'"))} can be read. Repair some, or remove the class.");
    }

    private static void FitClasses(IDataset dataset, long? classes)
    {
        if (dataset.ClassOf(0) is null)
            throw new DatasetException("The loss takes a class index per example, but the examples have values as targets. Use a loss for values or labels.");
        if (dataset.Labels.Count < 2)
            throw new DatasetException($"There is only the class '{dataset.Labels[0]}': telling classes apart takes two. Add a folder for what is not of this class.");
        if (classes is { } count && count != dataset.Labels.Count)
            throw new DatasetException($"The data have {dataset.Labels.Count} classes, but the model's output has {count}. Attach a head of {dataset.Labels.Count} classes.");
    }
}
