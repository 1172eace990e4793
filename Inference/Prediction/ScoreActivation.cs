namespace OnnxFineTune.Inference;

/// <summary>How a model's output becomes probabilities.</summary>
public enum ScoreActivation
{
    /// <summary>The output is logits of classes that exclude each other.</summary>
    Softmax,

    /// <summary>The output is logits of classes that are independent (multi-label), or one logit.</summary>
    Sigmoid,

    /// <summary>The output is logarithms of probabilities, as LogSoftmax gives.</summary>
    Exp,

    /// <summary>The output is probabilities already.</summary>
    None,
}
