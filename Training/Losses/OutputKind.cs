namespace OnnxFineTune.Training;

/// <summary>What the outputs of a model under training mean.</summary>
public enum OutputKind
{
    /// <summary>One logit per class, of which one holds: softmax gives probabilities.</summary>
    ClassLogits,

    /// <summary>One logit per label, each of which may hold: the logistic function gives probabilities.</summary>
    LabelLogits,

    /// <summary>Values as they are, as in regression.</summary>
    Values,
}
