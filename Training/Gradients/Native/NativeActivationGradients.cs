using OnnxFineTune.Surgery;

namespace OnnxFineTune.Training;

/// <summary>Gradients of activations in one kernel each: n.X input, n.Y output, g = dL/dY.</summary>
internal static class NativeActivationGradients
{
    /// <summary>The rules of the family.</summary>
    public static readonly GradientRuleSet Rules = new()
    {
        { "Relu", (op, n, g) => [op.Native("ReluGrad", [g, n.Y])] },
        { "Sigmoid", (op, n, g) => [op.Native("SigmoidGrad", [g, n.Y])] },
        { "Tanh", (op, n, g) => [op.Native("TanhGrad", [g, n.Y])] },
        { "LeakyRelu", (op, n, g) => [op.Native("LeakyReluGrad", [g, n.X], ("alpha", n.Attributes.Float("alpha", 0.01f)))] },      // Y has other signs where alpha < 0
        { "Gelu", Gelu },
    };

    /// <summary>Not the tanh form, whose kernel goes element by element and takes four times as long as standard operators.</summary>
    private static IReadOnlyList<Value?>? Gelu(GraphBuilder op, ForwardNode n, Value g) =>
        n.Attributes.String("approximate", "none") == "none" ? [op.Native("GeluGrad", [g, n.X])] : null;
}
