using System.Globalization;

namespace OnnxFineTune.Surgery;

public abstract partial record Trainable
{
    private const string BlocksPrefix = "blocks:";

    /// <summary>The head and all behind the place where the last blocks begin; <see cref="Blocks"/> says what a block is.</summary>
    /// <param name="count">How many blocks, at least 1.</param>
    /// <exception cref="ArgumentOutOfRangeException"><paramref name="count"/> is below 1.</exception>
    public static Trainable LastBlocks(int count)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(count, 1);
        return new Last(count);
    }

    private static Trainable ParseBlocks(string text) =>
        int.TryParse(text.AsSpan(BlocksPrefix.Length), NumberStyles.None, CultureInfo.InvariantCulture, out int count) && count > 0 ? LastBlocks(count)
            : throw new ArgumentException($"'{text}' is no selection: behind '{BlocksPrefix}' goes the number of blocks to train, counted from the head, for example {BlocksPrefix}2.");

    private sealed record Last(int Count) : Trainable
    {
        private protected override string Text => $"{BlocksPrefix}{Count.ToString(CultureInfo.InvariantCulture)}";

        private protected override HashSet<Value> Choose(Model model, IReadOnlyList<Value> parameters)
        {
            IReadOnlyList<Block> blocks = Blocks.Of(model);
            if (blocks.Count == 0)
                throw new GraphException($"The model has no blocks in front of its head, so '{Text}' selects nothing. Use 'head' or 'all'.");
            if (blocks.Count < Count)
                throw new GraphException($"The model has {blocks.Count} blocks, fewer than '{Text}' asks for. Use '{BlocksPrefix}{blocks.Count}' at most, or 'all'.");
            return [.. HeadOf(model), .. blocks.TakeLast(Count).SelectMany(b => b.Parameters).Select(model.Graph.Get)];
        }
    }
}
