using OnnxFineTune.Surgery;

namespace OnnxFineTune.Training;

/// <summary>
/// Exchange of state between an engine and a <see cref="Checkpoint"/>, so that a run begun with one can be continued by the other. The default engine keeps
/// Adam's moments as M = m/(1 − β₁) and V = v/(1 − β₂); the checkpoint holds m and v.
/// </summary>
public static class CheckpointStates
{
    /// <summary>The checkpoint with the parameters and the optimizer's state of an engine; before the first step there is no optimizer's state.</summary>
    /// <param name="checkpoint">Which parameters there are, and the frozen ones' weights.</param>
    /// <param name="state">Of an engine that trains the same parameters with <paramref name="optimizer"/>.</param>
    /// <param name="optimizer">One of those that <see cref="ArtifactOptions.Optimizer"/> allows.</param>
    /// <exception cref="ArgumentException">The optimizer is none of the training API's.</exception>
    /// <exception cref="TrainingException">The state lacks a parameter or a moment, or has one of another shape, or one that the checkpoint does not train; or frozen parameters have no weights.</exception>
    public static Checkpoint WithState(this Checkpoint checkpoint, EngineState state, IOptimizer optimizer)
    {
        if (checkpoint.IsNominal && checkpoint.Frozen.Count > 0)
            throw new TrainingException("The checkpoint is nominal, so its frozen parameters have no weights and it cannot be continued from; take a full one.");
        if (state.Parameters.Keys.FirstOrDefault(n => !checkpoint.Trainable.ContainsKey(n)) is { } extra)
            throw new TrainingException($"The state has '{extra}', which the checkpoint does not train; take artifacts of the same trained parameters, with BatchNormalization frozen.");
        AdamW? adam = Supported(optimizer);
        OrderedDictionary<string, TensorData> parameters = [];
        OrderedDictionary<string, IReadOnlyDictionary<string, TensorData>> moments = [];
        foreach (string name in checkpoint.Trainable.Keys)
        {
            TensorData value = parameters[name] = Find(state.Parameters, name, checkpoint.IsNominal ? null : checkpoint.Trainable[name].Shape);
            moments[name] = Moments(state, name, value.Shape, adam);
        }
        OptimizerGroup group = (checkpoint.Optimizer ?? new OptimizerGroup()) with { Step = state.Step, Moments = moments };
        return checkpoint with { Trainable = parameters, IsNominal = false, OptimizerGroups = state.Step == 0 ? [] : [group] };
    }

    /// <summary>The parameters and the optimizer's state as the default engine takes them; the moments are 0 where the checkpoint has none yet.</summary>
    /// <param name="checkpoint">With weights.</param>
    /// <param name="optimizer">The one that made the moments.</param>
    /// <exception cref="ArgumentException">The optimizer is none of the training API's.</exception>
    /// <exception cref="TrainingException">The checkpoint is nominal, or lacks a moment.</exception>
    public static EngineState ToEngineState(this Checkpoint checkpoint, IOptimizer optimizer)
    {
        if (checkpoint.IsNominal)
            throw new TrainingException("The checkpoint is nominal: it names its parameters and holds no weights; take a full one.");
        AdamW? adam = Supported(optimizer);
        Dictionary<string, TensorData> state = [];
        if (adam is not null)
            foreach ((string name, TensorData value) in checkpoint.Trainable)
            {
                state[Key(name, adam, 0)] = Moment(checkpoint.Optimizer, name, OptimizerGroup.FirstMoment, value.Shape, 1 / (1 - adam.Beta1));
                state[Key(name, adam, 1)] = Moment(checkpoint.Optimizer, name, OptimizerGroup.SecondMoment, value.Shape, 1 / (1 - adam.Beta2));
            }
        return new EngineState(checkpoint.Optimizer?.Step ?? 0, checkpoint.Trainable, state);
    }

    private static AdamW? Supported(IOptimizer optimizer) =>
        OptimizerModelBuilder.Refusal(optimizer) is { } refusal ? throw new ArgumentException(refusal, nameof(optimizer)) : OptimizerModelBuilder.AsAdamW(optimizer);

    private static Dictionary<string, TensorData> Moments(EngineState state, string name, Shape shape, AdamW? adam) => adam is null
        ? new() { [OptimizerGroup.FirstMoment] = Zeros(shape) }      // SGD does not use it, but the runtime asks for it
        : new()
        {
            [OptimizerGroup.FirstMoment] = Scale(Find(state.OptimizerState, Key(name, adam, 0), shape), 1 - adam.Beta1),
            [OptimizerGroup.SecondMoment] = Scale(Find(state.OptimizerState, Key(name, adam, 1), shape), 1 - adam.Beta2),
        };

    private static TensorData Moment(OptimizerGroup? group, string name, string key, Shape shape, double factor)
    {
        if (group is null)
            return Zeros(shape);
        if (!group.Moments.TryGetValue(name, out IReadOnlyDictionary<string, TensorData>? moments))
            throw new TrainingException($"The checkpoint has an optimizer's state, but none of the parameter '{name}'; save it again with the optimizer's state.");
        return Scale(Find(moments, key, shape, $" of '{name}'; it was saved with another optimizer"), factor);
    }

    private static TensorData Find(IReadOnlyDictionary<string, TensorData> tensors, string key, Shape? shape, string hint = "; it was saved with another optimizer or other trained parameters")
    {
        if (!tensors.TryGetValue(key, out TensorData? data))
            throw new TrainingException($"The state has no '{key}'{hint}.");
        return shape is null || shape.Equals(data.Shape) ? data
            : throw new TrainingException($"The state's '{key}' is {data}, and the checkpoint's parameter {shape}; they are of different models.");
    }

    private static string Key(string parameter, AdamW adam, int index) => $"{parameter}/{adam.StateNames[index]}";

    private static TensorData Zeros(Shape shape) => TensorData.FromFloats(new float[shape.ElementCount!.Value], shape.ToArray());

    private static TensorData Scale(TensorData data, double factor) => TensorData.FromFloats(Array.ConvertAll(data.ToFloats(), x => (float)(x * factor)), data.Shape.ToArray());
}
