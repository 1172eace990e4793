using OnnxFineTune.Surgery;

namespace OnnxFineTune.Training;

/// <summary>What the optimizer model must be: the runtime checks the names of its inputs in their order.</summary>
internal static class OptimizerModelCheck
{
    private const string File = TrainingArtifacts.OptimizerModelFile, AdamW = "AdamWOptimizer", Sgd = "SGDOptimizerV2";

    private static readonly string[] AdamWInputs = ["learning_rate", "step", "params", "gradients", "first_order_moments", "second_order_moments"];

    /// <summary>One sentence per finding.</summary>
    public static IEnumerable<string> Check(Model model)
    {
        Node[] optimizers = [.. model.Graph.Nodes.Where(n => n is { Domain: ArtifactNames.RuntimeDomain, OpType: AdamW or Sgd })];
        if (optimizers is not [{ } optimizer])
            return [$"{File} has {optimizers.Length} optimizer nodes ({AdamW} or {Sgd} of {ArtifactNames.RuntimeDomain}), and the runtime takes exactly one; write the artifacts again."];
        return Inputs(model, optimizer).Concat(Flag(model, optimizer));
    }

    /// <summary>The keys of the moments that a checkpoint must have for the model's optimizer; none where it cannot be told.</summary>
    public static IReadOnlyList<string> MomentKeys(Model? model) => model?.Graph.Nodes.FirstOrDefault(n => n.OpType is AdamW or Sgd)?.OpType switch
    {
        AdamW => [OptimizerGroup.FirstMoment, OptimizerGroup.SecondMoment],
        Sgd => [OptimizerGroup.FirstMoment],
        _ => [],
    };

    private static IEnumerable<string> Inputs(Model model, Node optimizer)
    {
        string[] names = [.. model.Graph.FeedInputs.Select(v => v.Name)], expected = optimizer.OpType == AdamW ? AdamWInputs : AdamWInputs[..^1];
        if (!names.SequenceEqual(expected))
            yield return $"The inputs of {File} are {string.Join(", ", names)}, and for {optimizer.OpType} they must be {string.Join(", ", expected)}, in this order; write the artifacts again.";
        foreach ((string name, ElementType type) in new[] { (AdamWInputs[0], ElementType.Float), (AdamWInputs[1], ElementType.Int64) })
            if (model.Graph.Find(name) is { IsInput: true } input && input.ElementType != type)
                yield return $"The input '{name}' of {File} is {ModelInputs.Typed(input)}, and the runtime feeds {type} [1]; write the artifacts again.";
    }

    /// <summary>The runtime holds SGD's flag against the declared shape, and AdamW's not.</summary>
    private static IEnumerable<string> Flag(Model model, Node optimizer)
    {
        Shape shape = optimizer.OpType == AdamW ? Shape.Of(1) : Shape.Scalar;
        Value? flag = model.Graph.Outputs.FirstOrDefault();
        if (flag is null || flag.Producer != optimizer)
            yield return $"The first output of {File} must be that of {optimizer}, the flag which says that it has run; put it first.";
        else if (flag.ElementType != ElementType.Bool || (optimizer.OpType == Sgd && !ModelInputs.Fits(flag.Shape, shape)))
            yield return $"The first output of {File}, '{flag.Name}', is {ModelInputs.Typed(flag)}, and the flag of {optimizer.OpType} is Bool {shape}; declare it so.";
    }
}
