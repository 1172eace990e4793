using OnnxFineTune.Surgery;

namespace OnnxFineTune.Training;

/// <summary>Gradients of operators that read at indices or between bounds.</summary>
/// <remarks>
/// Without Gather, whose kernel takes a lock for every element and with one thread is half as fast as ScatterElements, and without GatherND, whose kernel mistakes
/// the rank where pointers have 32 bits (WebAssembly, older phones).
/// </remarks>
internal static class NativeIndexingGradients
{
    private const int Steps = 4;

    /// <summary>The rules of the family.</summary>
    public static readonly GradientRuleSet Rules = new()
    {
        { "GatherElements", (op, n, g) => [op.Native("GatherElementsGrad", [g, op.ShapeOf(n.X), n.B], ("axis", n.Attributes.Int("axis")))] },
        { "TopK", (op, n, g) => [op.Native("GatherElementsGrad", [g, op.ShapeOf(n.X), n.Output(1)], ("axis", n.Attributes.Int("axis", -1)))] },
        { "Slice", Slice },
    };

    /// <summary>Where the standard rule would take more than one Pad. The kernel fails on some steps backwards (runtime 1.19.2).</summary>
    private static IReadOnlyList<Value?>? Slice(GraphBuilder op, ForwardNode n, Value g)
    {
        bool forwards = n.Input(Steps) is not { } steps || (steps.Data is { } data && data.ToLongs().All(s => s > 0));
        return forwards && !SliceGradient.IsOnePad(n) ? [op.Native("SliceGrad", [g, op.ShapeOf(n.X), .. n.Node.Inputs.Skip(1)])] : null;
    }
}
