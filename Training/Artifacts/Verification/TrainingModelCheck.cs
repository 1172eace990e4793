using OnnxFineTune.Surgery;

namespace OnnxFineTune.Training;

/// <summary>What the training model must be for the parameters of a checkpoint.</summary>
internal sealed class TrainingModelCheck(Model model, Checkpoint checkpoint)
{
    private const string File = TrainingArtifacts.TrainingModelFile;

    private readonly Dictionary<string, Value> _inputs = model.Graph.FeedInputs.ToDictionary(v => v.Name);
    private readonly Dictionary<string, Value> _outputs = model.Graph.Outputs.DistinctBy(v => v.Name).ToDictionary(v => v.Name);

    /// <summary>One sentence per finding.</summary>
    public IEnumerable<string> Check() => ModelInputs.Loss(File, model)
        .Concat(Flag())
        .Concat(ModelInputs.Missing(File, model, checkpoint, null))
        .Concat(Trained())
        .Concat(ModelInputs.Mismatches(File, model, checkpoint, null))
        .Concat(Strangers());

    private IEnumerable<string> Flag()
    {
        if (!_inputs.TryGetValue(ArtifactNames.LazyResetGrad, out Value? flag))
            yield return $"{File} has no input '{ArtifactNames.LazyResetGrad}' (Bool [1]), and no step can be trained without; write the artifacts again.";
        else if (flag.ElementType != ElementType.Bool)
            yield return $"The input '{flag.Name}' of {File} is {ModelInputs.Typed(flag)}, and the runtime feeds Bool [1]; write the artifacts again.";
    }

    private IEnumerable<string> Trained()
    {
        string[] absent = [.. checkpoint.Trainable.Keys.Where(p => !_inputs.ContainsKey(p))];
        if (absent.Length > 0)
            yield return $"{TrainingArtifacts.CheckpointFile} trains {Listing.Of(absent)}, which {Listing.Is(absent)} no input of {File}, and no session can be opened; take the checkpoint that belongs to the models.";
        string[] present = [.. checkpoint.Trainable.Keys.Except(absent)];
        string[] unbuffered = [.. present.Where(p => !_inputs.ContainsKey(ArtifactNames.Buffer(p)))];
        if (unbuffered.Length > 0)
            yield return $"{File} has no gradient buffer for {Listing.Of(unbuffered)} (an input such as '{ArtifactNames.Buffer(unbuffered[0])}'), and no session can be opened; list {(unbuffered.Length == 1 ? "it" : "them")} as frozen, or write the artifacts again.";
        foreach (string parameter in present.Except(unbuffered))
            if (Accumulation(parameter) is { } finding)
                yield return finding;
    }

    /// <summary>Whether a parameter's gradient gets into its buffer.</summary>
    private string? Accumulation(string parameter)
    {
        Value buffer = _inputs[ArtifactNames.Buffer(parameter)];
        if (buffer.ElementType != ElementType.Float || !ModelInputs.Fits(buffer.Shape, _inputs[parameter].Shape))
            return $"The gradient buffer '{buffer.Name}' of {File} is {ModelInputs.Typed(buffer)}, and its parameter is {ModelInputs.Typed(_inputs[parameter])}; write the artifacts again.";
        Node? accumulator = buffer.Uses.Select(u => u.Node).FirstOrDefault(n => n is { Domain: ArtifactNames.RuntimeDomain, OpType: "InPlaceAccumulatorV2" } && n.Input(0) == buffer);
        if (accumulator is null)
            return $"No node of {File} adds the gradient of '{parameter}' to its buffer '{buffer.Name}' (InPlaceAccumulatorV2), so it would not be trained; write the artifacts again.";
        return !_inputs.TryGetValue(ArtifactNames.LazyResetGrad, out Value? flag) || accumulator.Input(2) == flag ? null
            : $"{accumulator} of {File} does not read '{ArtifactNames.LazyResetGrad}', so the gradient of '{parameter}' would never be reset; write the artifacts again.";
    }

    /// <summary>Values of the caller's that the runtime takes for gradients.</summary>
    private IEnumerable<string> Strangers()
    {
        HashSet<string> own = [ArtifactNames.LazyResetGrad, .. checkpoint.Trainable.Keys.SelectMany(p => new[] { ArtifactNames.Buffer(p), ArtifactNames.Updated(p) })];
        HashSet<string> missing = [.. ModelInputs.NamesOfMissing(model, checkpoint).SelectMany(p => new[] { ArtifactNames.Buffer(p), ArtifactNames.Updated(p) })];
        foreach (string frozen in checkpoint.Frozen.Keys.Where(p => _inputs.ContainsKey(ArtifactNames.Buffer(p))))
        {
            own.UnionWith([ArtifactNames.Buffer(frozen), ArtifactNames.Updated(frozen)]);
            yield return $"{TrainingArtifacts.CheckpointFile} lists '{frozen}' as frozen, and {File} computes its gradient; list it as trainable, or write the artifacts again.";
        }
        foreach (Value value in _inputs.Values.Concat(_outputs.Values))
            if (ArtifactNames.IsGradient(value.Name) && !checkpoint.Parameters.Any(p => p.Key == value.Name) && !own.Contains(value.Name) && !missing.Contains(value.Name))
                yield return $"The {(_inputs.ContainsKey(value.Name) ? "input" : "output")} '{value.Name}' of {File} has a name that ends as gradients do, so the runtime takes it for one and not for the caller's; rename it.";
    }
}
