namespace OnnxFineTune.Surgery;

/// <summary>
/// The batch dimension of a model's inputs: the free first dimension of the first input that has one, every equal symbol, and unnamed first
/// dimensions of other inputs. Inference runs for two batch sizes tell which dimensions follow it.
/// </summary>
internal sealed class FreeDimensions
{
    /// <summary>Name of the batch dimension in every shape.</summary>
    public const string Batch = "batch";

    /// <summary>Two sizes that shape arithmetic does not treat specially, unlike 0 and 1.</summary>
    private const long First = 2, Second = 3;

    private readonly string? _symbol;
    private readonly bool _hasBatch;

    public FreeDimensions(Graph graph)
    {
        Value? first = graph.FeedInputs.FirstOrDefault(IsFreeAtFront);
        _hasBatch = first is not null;
        _symbol = first?.Shape![0].Symbol;
        Dimension[] others = [.. graph.FeedInputs.SelectMany(v => v.Shape ?? Shape.Scalar).Where(d => !d.IsStatic && d.Symbol != _symbol)];
        Name = _symbol is not null && others.Any(d => d.Symbol == Batch) ? _symbol : Batch;
        HasOthers = graph.FeedInputs.Any(v => v.Shape is not { } shape || shape.Where((d, i) => !d.IsStatic && !IsBatch(d, i)).Any());
    }

    /// <summary>The name that the batch dimension gets.</summary>
    public string Name { get; }

    /// <summary>Whether an input has a free batch dimension.</summary>
    public bool HasBatch => _hasBatch;

    /// <summary>Whether inputs have free dimensions besides the batch (sequence length, height …).</summary>
    public bool HasOthers { get; }

    /// <summary>The batch size of a run.</summary>
    public static long BatchSize(bool second) => second ? Second : First;

    /// <summary>The shape with the batch dimension named <see cref="Name"/>.</summary>
    public Shape Named(Shape shape) => With(shape, Dimension.Named(Name));

    /// <summary>The shape with the batch size of a run.</summary>
    public Shape Sized(Shape shape, bool second) => With(shape, BatchSize(second));

    /// <summary>The k of a dimension <c>k*batch</c>, 1 for the batch itself; null for any other dimension.</summary>
    public long? Factor(Dimension dimension)
    {
        if (dimension.Symbol is not { } symbol || !symbol.EndsWith(Name, StringComparison.Ordinal))
            return null;
        return symbol == Name ? 1 : long.TryParse(symbol.AsSpan(0, symbol.Length - Name.Length - 1), out long factor) && symbol == $"{factor}*{Name}" ? factor : null;
    }

    /// <summary>What two runs say about one value: equal sizes are static, sizes in the ratio of the batch sizes follow the batch.</summary>
    public Shape? Merge(Shape? first, Shape? second)
    {
        if (first is null || second is null || first.Rank != second.Rank)
            return null;
        Dimension[] merged = new Dimension[first.Rank];
        for (int i = 0; i < merged.Length; i++)
            merged[i] = Merge(first[i], second[i]);
        return new Shape(merged);
    }

    private Dimension Merge(Dimension first, Dimension second)
    {
        if (first.Value is not long a || second.Value is not long b)
            return first.IsStatic ? second : first;
        if (a == b)
            return a;
        if (a * Second != b * First)
            return Dimension.Unknown;
        return Dimension.Named(a == First ? Name : $"{a / First}*{Name}");
    }

    private Shape With(Shape shape, Dimension batch)
    {
        for (int i = 0; i < shape.Rank; i++)
            if (IsBatch(shape[i], i))
                shape = shape.With(i, batch);
        return shape;
    }

    private bool IsBatch(Dimension dimension, int axis) =>
        _hasBatch && !dimension.IsStatic && (dimension.Symbol is null ? axis == 0 : dimension.Symbol == _symbol);

    private static bool IsFreeAtFront(Value value) => value.Shape is { Rank: > 0 } shape && !shape[0].IsStatic;
}
