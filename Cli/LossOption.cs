using System.CommandLine;
using OnnxFineTune.Training;

namespace OnnxFineTune.Cli;

/// <summary><c>--loss</c>, where a model is differentiated as it is.</summary>
internal static class LossOption
{
    private const string CrossEntropy = "softmax-cross-entropy";
    private const string Binary = "binary-cross-entropy";
    private const string Squares = "mse";

    public static Option<string> Of() => ChoiceOption.Of("--loss", "What is differentiated.", CrossEntropy, CrossEntropy, Binary, Squares);

    /// <summary>The loss of that name.</summary>
    public static ILoss Read(string name) => name switch
    {
        Binary => new BinaryCrossEntropyWithLogits(),
        Squares => new MeanSquaredError(),
        _ => new SoftmaxCrossEntropy(),
    };
}
