namespace OnnxFineTune.Surgery;

/// <summary>A cell unrolled over all steps in one direction.</summary>
/// <param name="Outputs">The output of each step in the order of the sequence, [batch, hidden]; zero behind the end of a shorter sequence.</param>
/// <param name="Last">The state after the last step.</param>
internal sealed record RecurrentRun(Value[] Outputs, RecurrentState Last)
{
    /// <summary>Appends the steps; the nodes of each have its number in their names.</summary>
    public static RecurrentRun Of(GraphBuilder b, RecurrentForm form, RecurrentCell cell, Value x, RecurrentState state, bool reverse)
    {
        int length = (int)form.Length;
        Value projected = cell.Project(x);
        IReadOnlyList<Value> steps = length == 1 ? [projected] : b.Split(projected, 0, [.. Enumerable.Repeat(1L, length)]);
        Value[] outputs = new Value[length];
        string prefix = b.Prefix;
        for (int i = 0; i < length; i++)
        {
            int t = reverse ? length - 1 - i : i;
            b.Prefix = $"{prefix}/{(reverse ? "reverse" : "step")}{t}";
            RecurrentState next = cell.Step(b.Squeeze(steps[t], 0), state);
            Value? inside = form.Inside(t);
            outputs[t] = inside is null ? next.H! : b.Where(inside, next.H!, b.ScalarLike(0, next.H!));
            state = inside is null ? next : new(Chosen(inside, next.H, state.H), Chosen(inside, next.C, state.C));
        }
        b.Prefix = prefix;
        return new RecurrentRun(outputs, state);

        Value? Chosen(Value inside, Value? next, Value? before) => next is null ? null : b.Where(inside, next, before ?? b.ScalarLike(0, next));
    }
}
