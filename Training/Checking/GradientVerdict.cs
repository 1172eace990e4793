namespace OnnxFineTune.Training;

/// <summary>What a comparison with finite differences says of a gradient.</summary>
public enum GradientVerdict
{
    /// <summary>It is that of the loss, as far as the differences tell.</summary>
    Right,

    /// <summary>The differences are too uncertain to tell: rounding, or kinks (ReLU, MaxPool) all around.</summary>
    Undecided,

    /// <summary>It differs by more than the differences' uncertainty.</summary>
    Wrong,
}
