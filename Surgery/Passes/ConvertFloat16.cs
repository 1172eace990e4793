namespace OnnxFineTune.Surgery;

/// <summary>Makes a model that computes in float16 compute in float32; its inputs and outputs become float32 too.</summary>
/// <remarks>Float16 weights are widened when they are used, exactly; results differ from the original's by its rounding alone.</remarks>
public static class ConvertFloat16
{
    /// <summary>Converts in place.</summary>
    public static void Run(Model model) => FloatWidening.Run(model.Graph, ElementType.Float16);
}
