namespace OnnxFineTune.Surgery;

/// <summary>Makes a model that computes in bfloat16 compute in float32; its inputs and outputs become float32 too.</summary>
/// <remarks>Bfloat16 weights are widened when they are used, exactly; results differ from the original's by its rounding alone.</remarks>
public static class ConvertBFloat16
{
    /// <summary>Converts in place.</summary>
    public static void Run(Model model) => FloatWidening.Run(model.Graph, ElementType.BFloat16);
}
