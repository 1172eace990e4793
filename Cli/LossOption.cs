using System.CommandLine;
using OnnxFineTune.Training;

namespace OnnxFineTune.Cli;

/// <summary><c>--loss</c>: a loss by name.</summary>
/// <param name="text">What the help says of it.</param>
/// <param name="crossEntropy">The name of <see cref="SoftmaxCrossEntropy"/>, the default.</param>
internal sealed class LossOption(string text, string crossEntropy)
{
    private const string Binary = "binary-cross-entropy", Squares = "mse";

    /// <summary>The option.</summary>
    public Option<string> Option { get; } = ChoiceOption.Of("--loss", text, crossEntropy, crossEntropy, Binary, Squares);

    /// <summary>The loss.</summary>
    /// <param name="parsed">The command line.</param>
    /// <param name="smoothing">Label smoothing of the cross-entropy of classes.</param>
    public ILoss Read(ParseResult parsed, float smoothing = 0) => parsed.GetValue(Option) switch
    {
        Binary => new BinaryCrossEntropyWithLogits(),
        Squares => new MeanSquaredError(),
        _ => new SoftmaxCrossEntropy { LabelSmoothing = smoothing },
    };
}
