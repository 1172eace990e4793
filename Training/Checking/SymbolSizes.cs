using OnnxFineTune.Surgery;

namespace OnnxFineTune.Training;

/// <summary>Compares sizes of one symbol, the batch above all, across the tensors that are fed together.</summary>
internal static class SymbolSizes
{
    /// <summary>Checks what is fed for some values.</summary>
    /// <exception cref="TrainingException">Two tensors disagree; the message names both.</exception>
    public static void Check(IReadOnlyDictionary<string, TensorData> feeds, IEnumerable<Value> values, Value targets)
    {
        Dictionary<string, (long Size, Value Value)> sizes = [];
        foreach (Value value in values)
            for (int i = 0; i < (value.Shape?.Rank ?? 0); i++)
            {
                long size = feeds[value.Name].Shape[i].Value!.Value;
                if (value.Shape![i].Symbol is not { } symbol || sizes.TryAdd(symbol, (size, value)) || sizes[symbol].Size == size)
                    continue;
                throw new TrainingException($"The tensors do not belong together: '{symbol}' is {sizes[symbol].Size} in {Name(sizes[symbol].Value, targets)}, " +
                    $"but {size} in {Name(value, targets)}; give tensors of one batch.");
            }
    }

    private static string Name(Value value, Value targets) => value == targets ? "the labels" : $"the input '{value.Name}'";
}
