using OnnxFineTune.Surgery;

namespace OnnxFineTune.Training;

/// <summary>The gradient rules for one kind of kernels.</summary>
internal sealed class GradientRules
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
        LossGradients.Rules,
        QuantizationGradients.Rules,
        IntegerProductGradients.Rules,
        SpectralGradients.Rules,
        WithoutGradients.Rules,
    ];

    /// <summary>The families of <see cref="GradientKernels.OrtTraining"/>: each rule declines the cases that its kernel cannot do, and the standard rule does them.</summary>
    private static readonly GradientRuleSet[] NativeFamilies =
    [
        NativeConvolutionGradients.Rules,
        NativePoolingGradients.Rules,
        NativeNormalizationGradients.Rules,
        NativeSoftmaxGradients.Rules,
        NativeActivationGradients.Rules,
        NativeIndexingGradients.Rules,
    ];

    private readonly IReadOnlyDictionary<string, GradientRule> _rules;

    private GradientRules(IReadOnlyDictionary<string, GradientRule> rules) => _rules = rules;

    /// <summary>Every rule in standard operators by operator name.</summary>
    public static IReadOnlyDictionary<string, GradientRule> All { get; } = new Dictionary<string, GradientRule>(Families.SelectMany(f => f));

    /// <summary>Every rule in kernels of the training build by operator name.</summary>
    public static IReadOnlyDictionary<string, GradientRule> Native { get; } = new Dictionary<string, GradientRule>(NativeFamilies.SelectMany(f => f));

    /// <summary>Rules in standard operators.</summary>
    public static GradientRules Standard { get; } = new(All);

    private static GradientRules OrtTraining { get; } = new(All.ToDictionary(r => r.Key, r => Native.TryGetValue(r.Key, out GradientRule? native) ? Overlay(native, r.Value) : r.Value));

    /// <summary>The rules for the given kernels.</summary>
    public static GradientRules For(GradientKernels kernels) => kernels == GradientKernels.OrtTraining ? OrtTraining : Standard;

    /// <summary>The rule of a node, or null; operators of other domains than the standard's have none.</summary>
    public GradientRule? Find(Node node) => node.Domain == Model.StandardDomain ? _rules.GetValueOrDefault(node.OpType) : null;

    /// <summary>The native rule in float32, which is what its kernel computes in, for the cases that it does not decline.</summary>
    private static GradientRule Overlay(GradientRule native, GradientRule standard) => GradientRule.From(
        (op, n, g) => (g.ElementType == ElementType.Float ? native.Function!(op, n, g) : null) ?? standard.Function!(op, n, g), standard.Broadcasts, standard.TakesAllOutputs, standard.Quantizes);
}
