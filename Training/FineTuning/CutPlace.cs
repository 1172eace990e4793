using OnnxFineTune.Surgery;

namespace OnnxFineTune.Training;

/// <summary>Where a model is cut: at a value, before its last layers, or, where neither is given, before the recognised classifier.</summary>
/// <param name="Value">The value to cut at, or null.</param>
/// <param name="DropBypass">Whether the value may stand inside a block.</param>
/// <param name="RemoveLast">How many layers with weights to remove, or null.</param>
internal readonly record struct CutPlace(string? Value, bool DropBypass, int? RemoveLast)
{
    /// <summary>Cuts.</summary>
    /// <exception cref="GraphException">The model cannot be cut there.</exception>
    public ModelEditor Apply(ModelEditor editor) =>
        Value is { } value ? editor.CutAt(value, DropBypass) : RemoveLast is { } layers ? editor.RemoveLast(layers) : editor.RemoveClassifier();
}
