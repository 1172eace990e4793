using OnnxFineTune.Surgery;

namespace OnnxFineTune.Training;

/// <summary>What a training run gave.</summary>
public sealed record FitResult
{
    /// <summary>
    /// The tuned model, for inference: no training node in it, new content for the trained parameters under their names, all other weights the very same tensors. A classifier's
    /// output is <see cref="TunedModel.Probabilities"/>; labels and preprocessing are in its metadata.
    /// </summary>
    public required Model Model { get; init; }

    /// <summary>
    /// Where <see cref="Trainable.Adapters"/> were trained: what training has added, to be saved alone. Together with the original model it gives <see cref="Model"/>, into whose weights it
    /// is merged already. Else null.
    /// </summary>
    public LoraAdapter? Adapter { get; init; }

    /// <summary>Every epoch that was finished, the first one first; those in which the head was trained alone first are in <see cref="HeadHistory"/>.</summary>
    public required IReadOnlyList<EpochResult> History { get; init; }

    /// <summary>Every finished epoch of <see cref="TrainerOptions.HeadFirst"/>; empty without.</summary>
    public IReadOnlyList<EpochResult> HeadHistory { get; init; } = [];

    /// <summary>The epoch with the best validation loss, whose weights the model has unless it was refitted; the last without validation; 0 where the run ended in the first, with the weights of then, or with the head
    /// that was trained first.</summary>
    public required int BestEpoch { get; init; }

    /// <summary>
    /// For how many epochs the model was trained anew on all examples, those of <see cref="ValidationExamples"/> included; null where it was not. See <see cref="TrainerOptions.RefitOnAllExamples"/>.
    /// </summary>
    public required int? RefitEpochs { get; init; }

    /// <summary>
    /// Accuracy of the model on the examples it was trained on with dropout off, 0 to 1; null where outputs are values. A cancelled run that has no features at hand does not
    /// measure it: then it is the running accuracy of the best epoch, or null.
    /// </summary>
    public required double? TrainAccuracy { get; init; }

    /// <summary>
    /// Accuracy on the validation examples, 0 to 1, of the weights of <see cref="BestEpoch"/>, or after <see cref="RefitEpochs"/> where it was refitted: always of weights that never saw
    /// them. Null without any, or where outputs are values.
    /// </summary>
    public required double? ValidationAccuracy { get; init; }

    /// <summary>Number of examples in training, unreadable ones not counted where features are kept.</summary>
    public required int TrainingExamples { get; init; }

    /// <summary>Number of validation examples, counted likewise.</summary>
    public required int ValidationExamples { get; init; }

    /// <summary>Numbers in trained parameters.</summary>
    public required long TrainedParameters { get; init; }

    /// <summary>Numbers in parameters that stayed as they were.</summary>
    public required long FrozenParameters { get; init; }

    /// <summary>Time of the whole run, features included.</summary>
    public required TimeSpan Elapsed { get; init; }

    /// <summary>Why the run ended.</summary>
    public required StopReason Stopped { get; init; }

    /// <summary>Whether the run was cancelled.</summary>
    public bool Cancelled => Stopped == StopReason.Cancelled;

    /// <summary>One sentence per example that could not be read, with its name and the reason.</summary>
    public required IReadOnlyList<string> Unreadable { get; init; }

    /// <summary>Everything else the user should know, one sentence each, for example that training diverged in a later epoch.</summary>
    public required IReadOnlyList<string> Warnings { get; init; }
}
