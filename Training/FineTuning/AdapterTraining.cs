using OnnxFineTune.Surgery;

namespace OnnxFineTune.Training;

/// <summary>What is trained in a run with adapters, or without.</summary>
/// <param name="Model">The model to train.</param>
/// <param name="Options">How.</param>
/// <param name="Warnings">What the user should know about the adapters.</param>
internal sealed record AdapterTraining(Model Model, TrainerOptions Options, IReadOnlyList<string> Warnings)
{
    /// <summary>Refuses options that say two things about what is trained.</summary>
    /// <exception cref="ArgumentException">They do, or are out of range.</exception>
    public static void Check(Lora? lora, Trainable trainable, BatchNormalizationMode normalization = BatchNormalizationMode.Frozen)
    {
        if (lora is null)
            return;
        OptionErrors errors = new OptionErrors().Include(lora.Validate()).Require(normalization == BatchNormalizationMode.Frozen, TrainerOptions.NoStatisticsInAdapters);
        if (trainable != Trainable.Head && trainable != Trainable.Adapters)
            errors.Include([$"{nameof(TrainerOptions.Trainable)} is '{trainable}', but with {nameof(Lora)} the adapters and the head are trained, and nothing else; leave one of the two out."]);
        errors.ThrowIfAny();
    }

    /// <summary>Attaches the adapters, and reports which weights get none.</summary>
    /// <exception cref="GraphException">No weight can have one as asked.</exception>
    public static AdapterTraining Of(Model model, Lora? lora, TrainerOptions options, IProgress<TrainingProgress>? progress)
    {
        if (lora is null)
            return new AdapterTraining(model, options, []);
        LoraAttachment attached = lora.Attach(model);
        foreach (string warning in attached.Warnings)
            progress?.Report(new TrainingProgress { Phase = TrainingPhase.Features, Done = 0, Total = 0, Elapsed = TimeSpan.Zero, Warning = warning });
        return new AdapterTraining(attached.Model, options with { Trainable = Trainable.Adapters }, attached.Warnings);
    }

    /// <summary>The result with these warnings in front of its own.</summary>
    public FitResult Complete(FitResult fit) => fit with { Warnings = [.. Warnings, .. fit.Warnings] };
}
