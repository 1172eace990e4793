namespace OnnxFineTune.Surgery;

/// <summary>The one form in which gradient rules and edits see every model, whatever wrote it.</summary>
public static class WorkingForm
{
    /// <summary>
    /// A copy of the model in working form: constants are initializers, initializers are not inputs, no Identity between values, and a type and
    /// shape at every value.
    /// </summary>
    /// <remarks>
    /// <para>In this order, since each pass needs what those before it did: <see cref="Canonicalize"/>, <see cref="RemoveUnused"/>, <see cref="InferShapes"/>.</para>
    /// <para>Each pass does nothing to a model that is in its form already. Weights are not read.</para>
    /// </remarks>
    /// <exception cref="GraphException">The model is damaged, or an operator in it cannot be brought to the working operator set.</exception>
    public static Model ToWorkingForm(this Model model)
    {
        Model copy = model.Clone();
        Canonicalize.Run(copy);
        RemoveUnused.Run(copy.Graph);
        InferShapes.Run(copy);
        return copy;
    }
}
