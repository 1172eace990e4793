namespace OnnxFineTune.Training;

/// <summary>What a training run is doing.</summary>
public enum TrainingPhase
{
    /// <summary>Computing the features of the frozen part; counted in examples.</summary>
    Features,

    /// <summary>Training and validating; counted in steps of the whole run.</summary>
    Training,

    /// <summary>Training once more on all examples, those held back for validation included; counted in steps.</summary>
    Refit,
}
