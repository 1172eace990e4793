namespace OnnxFineTune.Training;

/// <summary>The operators in which a backward pass is written. Both give the same gradients.</summary>
public enum GradientKernels
{
    /// <summary>Standard operators only, the default: runs wherever ONNX Runtime runs.</summary>
    Standard,

    /// <summary>
    /// Kernels that only ONNX Runtime's training build has (1.19.2), wherever one computes a gradient faster than standard operators do, and those for the rest:
    /// for training artifacts. No ordinary build opens such a graph.
    /// </summary>
    OrtTraining,
}
