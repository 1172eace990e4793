using OnnxFineTune.Surgery;

namespace OnnxFineTune.Training;

/// <summary>What an optimizer has gathered over the steps done, as a <see cref="Checkpoint"/> holds it.</summary>
public sealed record OptimizerGroup
{
    /// <summary>The name of the only group that the runtime knows.</summary>
    public const string DefaultName = "group0";

    /// <summary>Moment key of AdamW's mean of gradients m, or of SGD's one moment.</summary>
    public const string FirstMoment = "momentum0";

    /// <summary>Moment key of AdamW's mean of squared gradients v.</summary>
    public const string SecondMoment = "momentum1";

    /// <summary>Name of the group; <see cref="DefaultName"/> by default.</summary>
    public string Name { get; init; } = DefaultName;

    /// <summary>Optimizer steps done.</summary>
    public long Step { get; init; }

    /// <summary>The rate that a schedule starts from; default 0.001. It does not set the rate of the next step: a session begins at 0.001.</summary>
    public float InitialLearningRate { get; init; } = 1e-3f;

    /// <summary>Moments by parameter name, then by moment key; each of its parameter's shape. In a group that is there, every trainable parameter must be.</summary>
    public IReadOnlyDictionary<string, IReadOnlyDictionary<string, TensorData>> Moments { get; init; } = new Dictionary<string, IReadOnlyDictionary<string, TensorData>>();
}
