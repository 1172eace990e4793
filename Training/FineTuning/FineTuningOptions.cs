using OnnxFineTune.Inference;
using OnnxFineTune.Surgery;

namespace OnnxFineTune.Training;

/// <summary>What to fine-tune on what: all that lies between a file with a model, folders of pictures, and a tuned file.</summary>
public sealed record FineTuningOptions
{
    /// <summary>The trained ONNX model.</summary>
    public required string Model { get; init; }

    /// <summary>Pictures to train on, a folder per class.</summary>
    public required string Images { get; init; }

    /// <summary>Pictures to test the tuned model on, folders of the same names; null tests nothing.</summary>
    public string? Test { get; init; }

    /// <summary>Folder for the tuned model, made when needed.</summary>
    public required string Output { get; init; }

    /// <summary>The value to cut at; null removes the recognised classifier, or the last <see cref="RemoveLast"/> layers.</summary>
    public string? Cut { get; init; }

    /// <summary>Whether <see cref="Cut"/> may stand inside a block; what goes round it (skip connections, branches) is then dropped.</summary>
    public bool DropBypass { get; init; }

    /// <summary>How many layers with weights to remove from the end; null removes the recognised classifier.</summary>
    public int? RemoveLast { get; init; }

    /// <summary>Makes the new head for a number of classes; a <see cref="LinearHead"/> by default.</summary>
    public Func<int, IHead> Head { get; init; } = classes => new LinearHead(classes);

    /// <summary>
    /// Adapters to train with the head, in place of whole weights; null, the default, attaches none. They are merged into the tuned model, and saved alone beside it. With them
    /// <see cref="TrainerOptions.Trainable"/> stays at its default.
    /// </summary>
    public Lora? Lora { get; init; }

    /// <summary>Mean, deviation and channel order of the model's pictures; null takes what the model carries, else ImageNet's.</summary>
    public ImagePreprocessing? Preprocessing { get; init; }

    /// <summary>An unreadable picture stops; by default it is named and left out.</summary>
    public bool Strict { get; init; }

    /// <summary>How to train.</summary>
    public TrainerOptions Trainer { get; init; } = new();
}
