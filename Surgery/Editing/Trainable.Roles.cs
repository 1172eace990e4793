namespace OnnxFineTune.Surgery;

public abstract partial record Trainable
{
    /// <summary>
    /// The head and every bias: of Conv, Gemm, normalizations and recurrent layers, and what is added to a MatMul. A thousandth of the parameters does most of what training all of them
    /// does where examples are few.
    /// </summary>
    /// <remarks>BitFit: Ben Zaken, Ravfogel and Goldberg, arXiv:2106.10199.</remarks>
    public static Trainable Biases { get; } = new Role("biases", ParameterRoles.BiasesOf,
        "The model has no bias in front of its head, so 'biases' would train the head alone. Use 'normalization', 'blocks:1' or 'all'.");

    /// <summary>
    /// The head, and scale and bias of every normalization: BatchNormalization, LayerNormalization, GroupNormalization, InstanceNormalization, RMSNormalization, and those that are written
    /// out in other operators.
    /// </summary>
    /// <remarks>Frankle, Schwab and Morcos, arXiv:2003.00152.</remarks>
    public static Trainable Normalization { get; } = new Role("normalization", ParameterRoles.NormalizationOf,
        "The model has no normalization with a scale or bias in front of its head: an export for inference folds BatchNormalization into the convolutions before it. " +
        "Use 'biases', 'blocks:1' or 'all', or export the model with its normalization (PyTorch: torch.onnx.export with training=TrainingMode.PRESERVE and do_constant_folding=False).");

    private sealed record Role(string Name, Func<Graph, IEnumerable<Value>> Of, string None) : Trainable
    {
        private protected override string Text => Name;

        private protected override HashSet<Value> Choose(Model model, IReadOnlyList<Value> parameters)
        {
            HashSet<Value> head = HeadOf(model);
            Value[] chosen = [.. Of(model.Graph).Intersect(parameters).Except(head)];
            return chosen.Length > 0 ? [.. head, .. chosen] : throw new GraphException(None);
        }
    }
}
