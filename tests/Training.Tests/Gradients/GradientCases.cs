namespace OnnxFineTune.Training.Tests;

/// <summary>All rows, family by family; a new family of rules adds its table here.</summary>
internal static class GradientCases
{
    /// <summary>Rows of operators with a gradient.</summary>
    public static IEnumerable<GradientCase> All =>
    [
        .. ArithmeticCases.Rows,
        .. ElementwiseCases.Rows,
        .. ActivationCases.Rows,
        .. ReductionCases.Rows,
        .. MovementCases.Rows,
        .. ConvolutionCases.Rows,
        .. MatMulCases.Rows,
        .. NormalizationCases.Rows,
        .. PoolingCases.Rows,
        .. SoftmaxCases.Rows,
        .. IndexingCases.Rows,
        .. ResizeCases.Rows,
        .. SpatialCases.Rows,
        .. GridSampleKinks.Rows,
        .. DropoutCases.Rows,
        .. LossCases.Rows,
        .. EinsumCases.Rows,
        .. SpectralCases.Rows,
        .. QuantizationCases.Rows,
    ];

    /// <summary>Rows of operators that are written out in others before they are differentiated.</summary>
    public static IEnumerable<GradientCase> WrittenOut =>
    [
        .. FunctionCases.Rows,
        .. RuntimeOperatorCases.Rows,
        .. CacheCases.Rows,
        .. RecurrentCases.Rows,
        .. AttentionCases.Rows,
        .. RegionCases.Rows,
    ];

    /// <summary>Rows of operators that are known to pass no gradient on.</summary>
    public static IEnumerable<GradientCase> None =>
    [
        .. WithoutGradientCases.Rows,
    ];
}
