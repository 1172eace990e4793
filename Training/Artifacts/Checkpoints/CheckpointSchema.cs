namespace OnnxFineTune.Training;

/// <summary>The tables of <c>checkpoint.fbs</c> for <see cref="FlatVerifier"/>, slot by slot in the order of <see cref="CheckpointSlots"/>.</summary>
internal static class CheckpointSchema
{
    private static readonly FlatField Text = new(FlatKind.Text), Flag = new(FlatKind.Scalar, 1), Four = new(FlatKind.Scalar, 4), Eight = new(FlatKind.Scalar, 8);

    private static readonly FlatField[] Tensor = [Text, Text, new(FlatKind.Vector, 8), Four, new(FlatKind.Vector, 1), new(FlatKind.Texts), Eight];

    private static readonly FlatField[] ModuleState = [Tables(Tensor), Tables(Tensor), Flag, Flag];

    private static readonly FlatField[] ParameterState = [Text, Tables(Tensor)];

    private static readonly FlatField[] OptimizerGroup = [Text, Eight, Four, Tables(ParameterState)];

    private static readonly FlatField[] PropertyBag = [Tables([Text, Eight]), Tables([Text, Four]), Tables([Text, Text])];

    /// <summary>The root.</summary>
    public static IReadOnlyList<FlatField> Checkpoint { get; } =
        [Four, new(FlatKind.Table, Fields: ModuleState), Tables(OptimizerGroup), new(FlatKind.Table, Fields: PropertyBag)];

    private static FlatField Tables(FlatField[] fields) => new(FlatKind.Tables, Fields: fields);
}
