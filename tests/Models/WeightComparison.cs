using OnnxFineTune.Surgery;

namespace OnnxFineTune.Models;

/// <summary>What became of the weights of a model in one that was made from it; weights are matched by name.</summary>
/// <param name="Kept">Weights that are byte for byte, in type and in shape, those of the original.</param>
/// <param name="Changed">Weights of the original that are not.</param>
/// <param name="Added">Weights that the original does not have.</param>
/// <param name="KeptBytes">Size of the kept weights.</param>
public sealed record WeightComparison(IReadOnlyList<string> Kept, IReadOnlyList<string> Changed, IReadOnlyList<string> Added, long KeptBytes)
{
    /// <summary>Compares the files of two models, so what was really written.</summary>
    public static WeightComparison Of(string original, string tuned) => Of(Model.Load(original), Model.Load(tuned));

    /// <summary>Compares two models.</summary>
    public static WeightComparison Of(Model original, Model tuned)
    {
        List<string> kept = [], changed = [], added = [];
        long bytes = 0;
        foreach (Value weight in tuned.Graph.Initializers)
            if (original.Graph.Find(weight.Name) is not { Data: { } before })
                added.Add(weight.Name);
            else if (!AreSame(before, weight.Data!))
                changed.Add(weight.Name);
            else
            {
                kept.Add(weight.Name);
                bytes += before.ByteLength;
            }
        return new WeightComparison(kept, changed, added, bytes);
    }

    /// <summary>Whether type, shape and bytes of two tensors are the same.</summary>
    public static bool AreSame(TensorData a, TensorData b) => a.ElementType == b.ElementType && a.Shape.Equals(b.Shape) && a.Bytes.Span.SequenceEqual(b.Bytes.Span);
}
