namespace OnnxFineTune.Training;

/// <summary>How the gradient of an operator is had.</summary>
public enum GradientSource
{
    /// <summary>By a rule of its own.</summary>
    Rule,

    /// <summary>By a rule that takes rounding for the identity.</summary>
    StraightThrough,

    /// <summary>By writing the operator out in others first, which have gradients.</summary>
    WrittenOut,

    /// <summary>None flows: the result holds no real numbers, or does not change with small changes of the inputs, or nothing trained is read.</summary>
    None,

    /// <summary>Not supported: what is trained must lie behind the operator.</summary>
    NotYet,
}

/// <summary>The words for them.</summary>
public static class GradientSources
{
    /// <summary>For tables.</summary>
    public static string Text(this GradientSource source) => source switch
    {
        GradientSource.Rule => "rule",
        GradientSource.StraightThrough => "straight-through",
        GradientSource.WrittenOut => "written out first",
        GradientSource.None => "none flows",
        _ => "not yet",
    };
}
