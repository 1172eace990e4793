namespace OnnxFineTune.Surgery;

/// <summary>The layer that a recognised classifier consists of.</summary>
public enum ClassifierKind
{
    /// <summary>A fully connected layer as <c>Gemm</c>.</summary>
    Gemm,
    /// <summary>A fully connected layer as <c>MatMul</c>, with or without <c>Add</c>.</summary>
    MatMul,
    /// <summary>A convolution with one map per class, averaged over positions.</summary>
    Conv,
}
