using System.Numerics.Tensors;
using OnnxFineTune.Surgery;

namespace OnnxFineTune.Inference;

/// <summary>Finds and applies what a model's scores lack to be probabilities.</summary>
internal static class ScoreActivations
{
    // Operators that move or copy numbers without changing them.
    private static readonly HashSet<string> Transparent = ["Identity", "Flatten", "Reshape", "Squeeze", "Unsqueeze", "Transpose", "Cast", "Dropout"];

    /// <summary>
    /// Looks at the operator that makes the output, through those that only reshape it: Softmax and Sigmoid give probabilities, LogSoftmax their logarithms; else the output is
    /// logits, of classes that exclude each other where there is more than one.
    /// </summary>
    public static ScoreActivation Find(Value output, int? classes)
    {
        Node? node = output.Producer;
        while (node is not null && node.Domain.Length == 0 && Transparent.Contains(node.OpType))
            node = node.Input(0)?.Producer;
        return node?.OpType switch
        {
            "Softmax" or "Sigmoid" or "HardSigmoid" => ScoreActivation.None,
            "LogSoftmax" => ScoreActivation.Exp,
            _ => classes == 1 ? ScoreActivation.Sigmoid : ScoreActivation.Softmax,
        };
    }

    /// <summary>The scores of one picture as probabilities, in place.</summary>
    public static void Apply(ScoreActivation activation, Span<float> scores)
    {
        switch (activation)
        {
            case ScoreActivation.Softmax:
                TensorPrimitives.Subtract(scores, TensorPrimitives.Max<float>(scores), scores);
                TensorPrimitives.Exp(scores, scores);
                TensorPrimitives.Divide(scores, TensorPrimitives.Sum<float>(scores), scores);
                break;
            case ScoreActivation.Sigmoid:
                TensorPrimitives.Sigmoid(scores, scores);
                break;
            case ScoreActivation.Exp:
                TensorPrimitives.Exp(scores, scores);
                break;
        }
    }
}
