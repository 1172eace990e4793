using System.Collections.Concurrent;
using System.Text;
using OnnxFineTune.Surgery;

namespace OnnxFineTune.Training;

/// <summary>Hash of what a model computes: its graph and the content of its weights, metadata left out.</summary>
internal static class ModelHash
{
    /// <summary>The hash. Weights are hashed where they lie, on all cores; nothing of their size is copied.</summary>
    public static ContentHash Of(Model model)
    {
        Model skeleton = model.Clone();
        skeleton.Metadata.Clear();
        ConcurrentDictionary<Value, TensorData> hashes = [];
        Value[] weights = [.. skeleton.Graph.Initializers.Where(v => v.Data is { } data && data.ElementType != ElementType.String)];
        Parallel.ForEach(weights, weight => hashes[weight] = Hash(weight.Data!));
        foreach (Value weight in weights)
            skeleton.Graph.SetInitializer(weight, hashes[weight]);
        return ContentHash.Of(skeleton.ToBytes());
    }

    /// <summary>The hash of a weight, as a tensor that stands for it.</summary>
    private static TensorData Hash(TensorData data)
    {
        byte[] type = Encoding.UTF8.GetBytes(data.ToString());
        byte[] bytes = new byte[type.Length + ContentHash.Size];
        type.CopyTo(bytes, 0);
        ContentHash.Of(data.Bytes.Span).CopyTo(bytes.AsSpan(type.Length));
        return TensorData.FromBytes(ElementType.UInt8, Shape.Of(bytes.Length), bytes);
    }
}
