namespace OnnxFineTune.Training;

/// <summary>How a <see cref="TrainingGraph"/> is made.</summary>
public sealed record TrainingGraphOptions
{
    /// <summary>Decides the masks of Dropout; 0 by default.</summary>
    public int Seed { get; init; }

    /// <summary>Whether Dropout is active in <see cref="TrainingGraph.Training"/>, as by default; else it passes everything on there too, so that the gradients are those of one function.</summary>
    public bool Dropout { get; init; } = true;

    /// <summary>
    /// Whether the frozen layers in front become a model of their own, as by default, so that their features can be computed once per example and kept; else
    /// <see cref="TrainingGraph.Training"/> begins at the model's inputs.
    /// </summary>
    public bool FrozenApart { get; init; } = true;

    /// <summary>With which statistics BatchNormalization normalizes in <see cref="TrainingGraph.Training"/>; the frozen running ones by default.</summary>
    public BatchNormalizationMode BatchNormalization { get; init; }

    /// <summary>What of the forward pass is computed again in the backward pass instead of being kept; nothing by default.</summary>
    public ActivationCheckpointing Checkpointing { get; init; }

    /// <summary>The operators in which the gradients are written; standard ones by default, which every engine takes.</summary>
    public GradientKernels Kernels { get; init; }
}
