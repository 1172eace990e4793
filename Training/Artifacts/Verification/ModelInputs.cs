using OnnxFineTune.Surgery;

namespace OnnxFineTune.Training;

/// <summary>What training and evaluation model must have in common: the loss in front, and inputs that fit the checkpoint.</summary>
internal static class ModelInputs
{
    /// <summary>The loss must be the first output that is the caller's, and one number.</summary>
    public static IEnumerable<string> Loss(string file, Model model)
    {
        Value? first = model.Graph.Outputs.FirstOrDefault(o => !ArtifactNames.IsGradient(o.Name));
        if (first is null)
            yield return $"{file} has no output; its first one must be the loss.";
        else if (!Is(first, ElementType.Float) || (first.Shape is { } shape && shape.Any(d => d.Value != 1)))
            yield return $"The first output of {file}, '{first.Name}', is {Typed(first)}, and apps read the loss there, a Float []; put the loss first, summed or averaged to one number.";
    }

    /// <summary>Parameters of a model that the checkpoint does not have: the runtime takes them for inputs of the caller's.</summary>
    /// <param name="file">How findings call the model.</param>
    /// <param name="model">The model.</param>
    /// <param name="checkpoint">What it is held against.</param>
    /// <param name="said">A model of which the same has been said already.</param>
    public static IEnumerable<string> Missing(string file, Model model, Checkpoint checkpoint, Model? said)
    {
        string[] missing = [.. NamesOfMissing(model, checkpoint).Except(said is null ? [] : NamesOfMissing(said, checkpoint))];
        if (missing.Length > 0)
            yield return $"{TrainingArtifacts.CheckpointFile} lacks {Listing.Of(missing)}, which {Listing.Is(missing)} among the parameters of {file}, and the runtime would ask the caller for {(missing.Length == 1 ? "it" : "them")}; take the checkpoint that belongs to the models, or put inputs of the caller's first.";
    }

    /// <summary>Inputs that have a gradient buffer, or stand behind a parameter and are of its type, and are none in the checkpoint.</summary>
    public static IReadOnlyList<string> NamesOfMissing(Model model, Checkpoint checkpoint)
    {
        Value[] inputs = [.. model.Graph.FeedInputs];
        int first = Array.FindIndex(inputs, v => IsParameter(v, checkpoint));
        return [.. inputs.Where((v, i) => !IsParameter(v, checkpoint) && v.Name != ArtifactNames.LazyResetGrad && !ArtifactNames.IsGradient(v.Name)
            && ((first >= 0 && i > first && v.ElementType == ElementType.Float) || model.Graph.Find(ArtifactNames.Buffer(v.Name)) is { IsInput: true })).Select(v => v.Name)];
    }

    /// <summary>Parameters whose type or shape is not the checkpoint's.</summary>
    /// <param name="file">How findings call the model.</param>
    /// <param name="model">The model.</param>
    /// <param name="checkpoint">What it is held against.</param>
    /// <param name="said">A model of which the same has been said already.</param>
    public static IEnumerable<string> Mismatches(string file, Model model, Checkpoint checkpoint, Model? said)
    {
        foreach ((string name, TensorData data) in checkpoint.Parameters)
            if (Mismatch(model, name, data, checkpoint.IsNominal) is { } input && (said is null || Mismatch(said, name, data, checkpoint.IsNominal) is null))
                yield return $"The parameter '{name}' is {(checkpoint.IsNominal ? data.ElementType : data)} in {TrainingArtifacts.CheckpointFile} and {Typed(input)} in {file}; take the checkpoint that belongs to the models.";
    }

    private static Value? Mismatch(Model model, string name, TensorData data, bool nominal) =>
        model.Graph.Find(name) is { IsInput: true, IsInitializer: false } input && !(Is(input, data.ElementType) && (nominal || Fits(input.Shape, data.Shape))) ? input : null;

    /// <summary>Whether an input is one of the checkpoint's parameters.</summary>
    public static bool IsParameter(Value input, Checkpoint checkpoint) => checkpoint.Trainable.ContainsKey(input.Name) || checkpoint.Frozen.ContainsKey(input.Name);

    /// <summary>Whether a declared shape allows another; what is unknown in either fits.</summary>
    public static bool Fits(Shape? declared, Shape? other) => declared is null || other is null
        || (declared.Rank == other.Rank && declared.Zip(other).All(d => d.First.Value is not long a || d.Second.Value is not long b || a == b));

    /// <summary>Type and shape for a sentence.</summary>
    public static string Typed(Value value) => $"{value.ElementType} {value.Shape?.ToString() ?? "of unknown shape"}";

    /// <summary>Whether a value is of a type, or of none that is known.</summary>
    private static bool Is(Value value, ElementType type) => value.ElementType == type || value.ElementType == ElementType.Undefined;
}
