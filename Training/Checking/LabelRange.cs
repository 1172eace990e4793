using OnnxFineTune.Surgery;

namespace OnnxFineTune.Training;

/// <summary>Tells labels that the loss cannot mean from those it can.</summary>
internal static class LabelRange
{
    /// <summary>Checks class indices against the number of classes, and others for being numbers (from 0 to 1 where they are yes or no).</summary>
    /// <exception cref="TrainingException">A label is out of range; the message names the first.</exception>
    public static void Check(TrainingGraph graph, TensorData targets)
    {
        if (graph.OutputKind == OutputKind.ClassLogits && graph.Targets.ElementType == ElementType.Float)
            Check(targets.ToFloats(), label => label is >= 0 and <= 1, "class probabilities are numbers from 0 to 1");
        else if (graph.OutputKind == OutputKind.ClassLogits && graph.Output.Shape?[-1].Value is long classes)
            Check(targets.ToLongs(), label => label >= 0 && label < classes, $"the model's output '{graph.Output.Name}' has {classes} classes: labels go from 0 to {classes - 1}");
        else if (graph.OutputKind == OutputKind.LabelLogits)
            Check(targets.ToFloats(), label => label is >= 0 and <= 1, "binary cross-entropy takes numbers from 0 to 1");
        else if (graph.OutputKind == OutputKind.Values)
            Check(targets.ToFloats(), float.IsFinite, "the loss takes finite numbers");
    }

    private static void Check<T>(T[] labels, Predicate<T> fits, string rule)
    {
        int wrong = Array.FindIndex(labels, label => !fits(label));
        if (wrong >= 0)
            throw new TrainingException(FormattableString.Invariant($"Label {wrong} is {labels[wrong]}, but {rule}. Correct the labels, or choose another loss."));
    }
}
