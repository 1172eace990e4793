using OnnxFineTune.Surgery;

namespace OnnxFineTune.Training;

/// <summary>All gradient rules, family by family.</summary>
internal static class GradientRules
{
    /// <summary>The families; the one place to add another.</summary>
    private static readonly GradientRuleSet[] Families =
    [
        ConvolutionGradients.Rules,
        MatMulGradients.Rules,
        NormalizationGradients.Rules,
        PoolingGradients.Rules,
        SoftmaxGradients.Rules,
        ArithmeticGradients.Rules,
        ElementwiseGradients.Rules,
        ActivationGradients.Rules,
        ReductionGradients.Rules,
        MovementGradients.Rules,
        IndexingGradients.Rules,
        SpatialGradients.Rules,
        DropoutGradients.Rules,
        WithoutGradients.Rules,
    ];

    /// <summary>Every rule by operator name.</summary>
    public static IReadOnlyDictionary<string, GradientRule> All { get; } = new Dictionary<string, GradientRule>(Families.SelectMany(f => f));

    /// <summary>The rule of a node, or null; operators of other domains than the standard's have none.</summary>
    public static GradientRule? Find(Node node) => node.Domain == Model.StandardDomain ? All.GetValueOrDefault(node.OpType) : null;
}
