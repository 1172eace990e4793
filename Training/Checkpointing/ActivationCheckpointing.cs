namespace OnnxFineTune.Training;

/// <summary>What of the forward pass is computed again in the backward pass instead of being kept until then: less memory for more time, and the same gradients.</summary>
/// <remarks>Chen et al., Training Deep Nets with Sublinear Memory Cost, arXiv:1604.06174.</remarks>
public enum ActivationCheckpointing
{
    /// <summary>Nothing: all that the backward pass reads is kept.</summary>
    None,

    /// <summary>
    /// The graph is divided into segments of its nodes, where little passes from one to the next, so that what is kept between them and the largest of them together take
    /// the least memory; all but the last are computed again, each when the gradient reaches its end.
    /// </summary>
    Segments,
}
