namespace OnnxFineTune.Surgery;

/// <summary>Name, type and shape of an input, output or other value.</summary>
/// <param name="Name">Name in the file.</param>
/// <param name="Type">Element type, for example <c>Float</c>.</param>
/// <param name="Shape">Each dimension as a number, a symbol such as <c>batch</c>, or <c>?</c>; null where the rank is unknown.</param>
public sealed record TensorSummary(string Name, string Type, IReadOnlyList<string>? Shape)
{
    internal static TensorSummary Of(Value value) => new(value.Name, value.ElementType.ToString(), value.Shape is { } shape ? [.. shape.Select(d => d.ToString())] : null);

    /// <summary>For example <c>data_0: Float [batch, 3, 224, 224]</c>.</summary>
    public override string ToString() => $"{Name}: {Type} {(Shape is null ? "of unknown shape" : $"[{string.Join(", ", Shape)}]")}";
}
