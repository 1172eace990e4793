namespace OnnxFineTune.Surgery;

/// <summary>The one form in which gradient rules and edits see every model, whatever wrote it.</summary>
public static class WorkingForm
{
    /// <summary>
    /// A copy of the model in working form: local functions are inlined, constants are initializers, initializers are not inputs, no Identity between values, operator set
    /// <see cref="GraphBuilder.WorkingOpset"/> (or a later one, where the model has it), float32 instead of half precision, a free batch dimension where that is possible, shape arithmetic computed as
    /// far as it does not depend on the batch, nothing unused, and a type and shape at every value.
    /// </summary>
    /// <remarks>
    /// In this order, since each pass needs what those before it did: <see cref="InlineFunctions"/>, <see cref="Canonicalize"/>, <see cref="RemoveUnused"/>,
    /// <see cref="ConvertFloat16"/>, <see cref="ConvertBFloat16"/>, <see cref="UpgradeOpset"/> (its constants take the type of their data),
    /// <see cref="InferShapes"/>, <see cref="DynamicBatch"/> and
    /// <see cref="FoldConstants"/> (need shapes). Each does nothing to a model that is in its form already. Large weights are not read.
    /// </remarks>
    /// <exception cref="GraphException">The model is damaged, or an operator in it cannot be brought to the working operator set.</exception>
    public static Model ToWorkingForm(this Model model)
    {
        Model copy = model.Clone();
        InlineFunctions.Run(copy);
        Canonicalize.Run(copy);
        RemoveUnused.Run(copy.Graph);
        ConvertFloat16.Run(copy);
        ConvertBFloat16.Run(copy);
        UpgradeOpset.Run(copy);
        InferShapes.Run(copy);
        if (!DynamicBatch.Run(copy))
        {
            FoldConstants.Run(copy);       // a batch size inside shape arithmetic is a constant then, which can be rewritten
            DynamicBatch.Run(copy);
        }
        FoldConstants.Run(copy);
        return copy;
    }
}
