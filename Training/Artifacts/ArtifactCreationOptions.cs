using OnnxFineTune.Inference;
using OnnxFineTune.Surgery;

namespace OnnxFineTune.Training;

/// <summary>What lies between a file with a trained model and a folder of artifacts for ONNX Runtime's training API.</summary>
public sealed record ArtifactCreationOptions
{
    /// <summary>The trained ONNX model.</summary>
    public required string Model { get; init; }

    /// <summary>Folder for the artifacts, made when needed.</summary>
    public required string Output { get; init; }

    /// <summary>The head to attach; null (default) uses the model as it is, with the output that it has.</summary>
    public IHead? Head { get; init; }

    /// <summary>With a head: the value to cut at; null removes the recognised classifier, or the last <see cref="RemoveLast"/> layers.</summary>
    public string? Cut { get; init; }

    /// <summary>Whether <see cref="Cut"/> may stand inside a block; what goes round it (skip connections, branches) is then dropped.</summary>
    public bool DropBypass { get; init; }

    /// <summary>With a head: how many layers with weights to remove from the end; null removes the recognised classifier.</summary>
    public int? RemoveLast { get; init; }

    /// <summary>Names of the classes in output order, which travel in the artifacts; null keeps those of a model that is used as it is.</summary>
    public IReadOnlyList<string>? Labels { get; init; }

    /// <summary>Mean, deviation and channel order of the model's pictures, which travel in the artifacts; null leaves what the model carries.</summary>
    public ImagePreprocessing? Preprocessing { get; init; }

    /// <summary>Which parameters are trained; the attached head by default, or the recognised classifier where none is attached.</summary>
    public Trainable Trainable { get; init; } = Trainable.Head;

    /// <summary>Adapters that the device trains with the head, in place of whole weights; null (default) attaches none. With them <see cref="Trainable"/> stays at its default.</summary>
    public Lora? Lora { get; init; }

    /// <summary>What is made small; <see cref="SoftmaxCrossEntropy"/> by default.</summary>
    public ILoss Loss { get; init; } = new SoftmaxCrossEntropy();

    /// <summary>
    /// Whether the artifacts begin at the features of the frozen layers, which are written beside them as <see cref="ArtifactCreation.FrozenModelFile"/>, so that a device computes
    /// them once per example; by default they begin at the model's inputs.
    /// </summary>
    public bool FromFeatures { get; init; }

    /// <summary>The operators in which the backward pass is written; standard ones by default.</summary>
    public GradientKernels Kernels { get; init; }

    /// <summary>Decides the masks of Dropout; 0 by default.</summary>
    public int Seed { get; init; }

    /// <summary>Optimizer, clipping and form of the artifacts.</summary>
    public ArtifactOptions Artifacts { get; init; } = new();
}
