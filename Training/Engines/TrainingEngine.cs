namespace OnnxFineTune.Training;

/// <summary>A choice of what computes training steps. Derive from it to offer an <see cref="ITrainingEngine"/> of your own as <see cref="TrainerOptions.Engine"/>.</summary>
public abstract class TrainingEngine
{
    /// <summary>Steps as one graph of standard operators on an ordinary session: <see cref="StepGraphEngine"/>, the default. It runs everywhere.</summary>
    public static TrainingEngine StepGraph { get; } = new StepGraphTraining();

    /// <summary>ONNX Runtime's training API: <see cref="OrtTrainingEngine"/>. It runs where the native library is a training build.</summary>
    public static TrainingEngine OrtTraining { get; } = new OrtTraining();

    /// <summary>The engines that come with this library, the default first.</summary>
    public static IReadOnlyList<TrainingEngine> All { get; } = [StepGraph, OrtTraining];

    /// <summary>A name for command lines, for example <c>step-graph</c>.</summary>
    public abstract string Name { get; }

    /// <summary>What it is, in one sentence.</summary>
    public abstract string Description { get; }

    /// <summary>Why it cannot run here and what to do about it, in one sentence; null, the default, where it can.</summary>
    public virtual string? Reason => null;

    /// <summary>Whether it can run here.</summary>
    public bool IsAvailable => Reason is null;

    /// <summary>What it cannot do of what a trainer is asked for, one sentence each; empty, the default, when all is well.</summary>
    /// <param name="options">With learning rate and optimizer chosen.</param>
    public virtual IReadOnlyList<string> Validate(TrainerOptions options) => [];

    /// <summary>Makes an engine; the caller disposes it.</summary>
    /// <param name="graph">What to train.</param>
    /// <param name="options">
    /// With learning rate and optimizer chosen; <see cref="TrainerOptions.LearningRateFactors"/> then has the name of a parameter in each pattern, and <see cref="TrainerOptions.LayerDecay"/>
    /// is in them.
    /// </param>
    public abstract ITrainingEngine Create(TrainingGraph graph, TrainerOptions options);

    /// <summary>The name.</summary>
    public sealed override string ToString() => Name;
}
