namespace OnnxFineTune.Surgery;

/// <summary>A stretch of the data path with parameters, between two values through which all data flows.</summary>
/// <param name="From">The value it begins at.</param>
/// <param name="IsParallel">Whether it has paths side by side with layers on them, that are joined by more than a gate.</param>
/// <param name="Layers">The layers on its longest path, a letter each; see <see cref="LayerKind"/>. Empty where it only scales, shifts or normalizes.</param>
/// <param name="Parameters">The parameters that are read first here.</param>
internal sealed record PathSegment(string From, bool IsParallel, string Layers, IReadOnlyList<Value> Parameters)
{
    /// <summary>This stretch and the next one as one.</summary>
    public PathSegment With(PathSegment next) => this with { Layers = Layers + next.Layers, Parameters = [.. Parameters, .. next.Parameters] };
}
