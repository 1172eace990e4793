namespace OnnxFineTune.Training;

/// <summary>What a training run is doing.</summary>
public enum TrainingPhase
{
    /// <summary>Computing the features of the frozen part; counted in examples.</summary>
    Features,

    /// <summary>Training the head alone before the rest; counted in steps. See <see cref="TrainerOptions.HeadFirst"/>.</summary>
    Head,

    /// <summary>Training and validating; counted in steps of the whole run.</summary>
    Training,

    /// <summary>Training anew on all examples, those held back before included; counted in steps.</summary>
    Refitting,
}
