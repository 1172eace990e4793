namespace OnnxFineTune.Surgery;

/// <summary>What a MatMul, Gemm or Conv multiplies its data by.</summary>
/// <param name="Name">Name of the weight, or of what computes it.</param>
/// <param name="Names">That, and the names of the nodes that read it and of their outputs.</param>
/// <param name="Weight">The weight, or null where it can have no adapter.</param>
/// <param name="Reason">Why it can have none, as the second half of a sentence; null where it can.</param>
internal sealed record LayerWeight(string Name, IReadOnlyList<string> Names, AdaptableWeight? Weight, string? Reason);
