using OnnxFineTune.Surgery;

namespace OnnxFineTune.Training;

/// <summary>Whether a model has an output per label.</summary>
internal static class LabelCount
{
    /// <summary>Checks it, where the number of outputs is known.</summary>
    /// <exception cref="GraphException">There are more or fewer.</exception>
    public static void Check(Model model, IReadOnlyList<string> labels)
    {
        Value output = model.Graph.Outputs[0];
        if (output.Shape is { Rank: > 1 } shape && shape[1].Value is { } classes && classes != labels.Count)
            throw new GraphException($"There are {labels.Count} labels, but the output '{output.Name}' {shape} has {classes} classes. Give one label for each class, in output order.");
    }
}
