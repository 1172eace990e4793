namespace OnnxFineTune.Training;

/// <summary>The operators in which a backward pass is written. Both give the same gradients.</summary>
public enum GradientKernels
{
    /// <summary>Standard operators only, the default: runs wherever ONNX Runtime runs.</summary>
    Standard,

    /// <summary>
    /// Kernels that only ONNX Runtime's training build has (1.19.2), where one does the work of several standard operators, and those for the rest: for training
    /// artifacts. No ordinary build opens such a graph.
    /// </summary>
    /// <remarks>
    /// Not every kernel is the faster one. On one thread in WebAssembly, against standard operators, forward and backward: depthwise convolutions and statistics of a
    /// batch 1.5 times as fast, large or few-channelled convolution windows, Gelu, Relu and Slice 1.1 to 1.3, other convolutions, LayerNormalization and softmax equal,
    /// pooling 0.7 to 0.9. Kernels that were slower by more are not used.
    /// </remarks>
    OrtTraining,
}
