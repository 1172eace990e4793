namespace OnnxFineTune.Training;

/// <summary>
/// Operators that read floating-point values and pass no gradient on: their results are integers or booleans, or do not change with small
/// changes of the input. Operators that read only integers or booleans need no entry: nothing trained reaches them.
/// </summary>
internal static class WithoutGradients
{
    /// <summary>The rules of the family.</summary>
    public static readonly GradientRuleSet Rules = new()
    {
        { "Equal", GradientRule.None },
        { "Greater", GradientRule.None },
        { "GreaterOrEqual", GradientRule.None },
        { "Less", GradientRule.None },
        { "LessOrEqual", GradientRule.None },
        { "IsInf", GradientRule.None },
        { "IsNaN", GradientRule.None },
        { "NonZero", GradientRule.None },
        { "ArgMax", GradientRule.None },
        { "ArgMin", GradientRule.None },
        { "Shape", GradientRule.None },
        { "Size", GradientRule.None },
        { "Floor", GradientRule.None },
        { "Ceil", GradientRule.None },
        { "Round", GradientRule.None },
        { "Sign", GradientRule.None },
        { "EyeLike", GradientRule.None },
        { "RandomNormalLike", GradientRule.None },
        { "RandomUniformLike", GradientRule.None },
        { "Multinomial", GradientRule.None },
        { "Bernoulli", GradientRule.None },
        { "Hardmax", GradientRule.None },
        { "MelWeightMatrix", GradientRule.None },
        { "OneHot", GradientRule.None },
        { "Range", GradientRule.None },
        { "NonMaxSuppression", GradientRule.None },
        { "OptionalHasElement", GradientRule.None },
        { "BitCast", GradientRule.None },
    };
}
