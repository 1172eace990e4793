using OnnxFineTune.Inference;
using OnnxFineTune.Surgery;

namespace OnnxFineTune.Training;

/// <summary>Puts the parameters of a checkpoint back into an inference model.</summary>
internal static class InferenceExport
{
    /// <summary>The inference model within an evaluation model: without loss and targets, the parameters as initializers.</summary>
    public static Model FromEvaluation(Model evaluation, Checkpoint checkpoint)
    {
        CheckWeights(checkpoint);
        Model model = evaluation.Clone();
        Graph graph = model.Graph;
        Value[] outputs = graph.Outputs.Count > 1 ? [.. graph.Outputs.Skip(1)] : [Scores(graph)];
        foreach ((string name, TensorData data) in checkpoint.Trainable)
            FillInput(graph, graph.Find(name) is { IsInput: true } input ? input : throw Missing("the evaluation model", name), data);
        foreach ((string name, TensorData data) in checkpoint.Frozen)
            if (graph.Find(name) is { IsInput: true } input)
                FillInput(graph, input, data);
        graph.SetOutputs(outputs);
        RemoveUnused.Run(graph);
        RemoveInputs(graph, ArtifactMetadata.InputsOf(evaluation));
        foreach ((string name, string original) in ArtifactMetadata.RenamedOf(evaluation))
            if (graph.Find(name) is { } renamed)
                graph.Rename(renamed, graph.UniqueName(original));
        ArtifactMetadata.Remove(model);
        return TunedModel.Build(model, new Dictionary<string, TensorData>(), ArtifactMetadata.OutputKindOf(evaluation) ?? OutputKind.Values, [], null);
    }

    /// <summary>A copy of a model with the parameters of a checkpoint, found by name.</summary>
    /// <param name="model">The model that the artifacts were made from.</param>
    /// <param name="evaluation">What its output means, and labels and preprocessing.</param>
    /// <param name="checkpoint">The parameters.</param>
    public static Model IntoModel(Model model, Model evaluation, Checkpoint checkpoint)
    {
        CheckWeights(checkpoint);
        Model own = model.Clone();
        OwnStatistics.Run(own);
        Model target = checkpoint.Parameters.All(p => Fits(own.Graph.Find(p.Key), p.Value)) ? own : own.ToWorkingForm();
        foreach ((string name, TensorData data) in checkpoint.Parameters)
        {
            if (target.Graph.Find(name) is not { Data: { } old } value)
            {
                if (checkpoint.Frozen.ContainsKey(name))
                    continue;      // a constant that was folded out of others when the artifacts were made
                throw Missing("the model", name);
            }
            if (!old.Shape.Equals(data.Shape) || old.ElementType != data.ElementType)
                throw Mismatch("the model", name, old.ToString(), data);
            target.Graph.SetInitializer(value, data);
        }
        OutputKind kind = ArtifactMetadata.OutputKindOf(evaluation) is { } given && !EndsInProbabilities(target.Graph) ? given : OutputKind.Values;
        return TunedModel.Build(target, new Dictionary<string, TensorData>(), kind, evaluation.GetLabels() ?? [], evaluation.GetPreprocessing());
    }

    /// <summary>What the loss reads, where that is plain: other tools often leave the model's own output out.</summary>
    private static Value Scores(Graph evaluation) =>
        evaluation.Outputs is [{ Producer: { OpType: "SoftmaxCrossEntropyLoss", Domain: Model.StandardDomain } loss }] ? loss.Inputs[0]!
        : throw new TrainingException("The evaluation model has no output but the loss, so no inference model can be taken from it; give the model that the artifacts were made from, and the parameters are put into that.");

    private static bool Fits(Value? value, TensorData data) => value?.Data is { } old && old.Shape.Equals(data.Shape) && old.ElementType == data.ElementType;

    private static void CheckWeights(Checkpoint checkpoint)
    {
        if (checkpoint.IsNominal)
            throw new TrainingException("The checkpoint is nominal: it names its parameters and holds no weights; take the checkpoint that was saved after training.");
        if (checkpoint.Trainable.Count == 0)
            throw new TrainingException("The checkpoint holds no trained parameters; take the one that was saved after training.");
    }

    private static void FillInput(Graph graph, Value input, TensorData data)
    {
        if (input.Shape is { } shape && (shape.Rank != data.Shape.Rank || shape.Zip(data.Shape).Any(d => d.First.IsStatic && d.First != d.Second)) || input.ElementType != data.ElementType)
            throw Mismatch("the evaluation model", input.Name, $"{input.ElementType} {input.Shape}", data);
        graph.SetInitializer(input, data);
        graph.RemoveInput(input);
    }

    /// <summary>Removes targets: the inputs that are not the model's own, or that nothing reads where another tool has not told which those are.</summary>
    private static void RemoveInputs(Graph graph, IReadOnlyList<string>? own)
    {
        foreach (Value input in graph.FeedInputs.ToArray())
        {
            bool isUsed = input.Uses.Count > 0 || input.IsOutput;
            if (own is not null && isUsed && !own.Contains(input.Name))
                throw new TrainingException($"The checkpoint has no parameter '{input.Name}', which the evaluation model reads; take the checkpoint that belongs to these artifacts.");
            if (own is null ? !isUsed : !own.Contains(input.Name))
                graph.RemoveInput(input);
        }
    }

    private static bool EndsInProbabilities(Graph graph) => graph.Outputs[0].Producer is { OpType: "Softmax" or "Sigmoid" };

    private static TrainingException Missing(string where, string name) =>
        new($"The checkpoint trains '{name}', but {where} has no such parameter; take the checkpoint and the model that belong together.");

    private static TrainingException Mismatch(string where, string name, string there, TensorData data) =>
        new($"The parameter '{name}' is {data} in the checkpoint and {there} in {where}; take the checkpoint and the model that belong together.");
}
