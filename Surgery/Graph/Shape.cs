using System.Collections;

namespace OnnxFineTune.Surgery;

/// <summary>One dimension of a shape: a number, a named symbol such as the batch, or unknown.</summary>
/// <param name="Value">The size, or null where it is symbolic or unknown.</param>
/// <param name="Symbol">The name of a symbolic size; equal symbols mean equal sizes.</param>
public readonly record struct Dimension(long? Value, string? Symbol = null)
{
    /// <summary>A dimension of which nothing is known.</summary>
    public static Dimension Unknown => default;

    /// <summary>Whether the size is a known number.</summary>
    public bool IsStatic => Value is not null;

    /// <summary>A symbolic dimension.</summary>
    public static Dimension Named(string symbol) => new(null, symbol);

    /// <summary>A static dimension.</summary>
    public static implicit operator Dimension(long value) => new(value);

    /// <summary>The number, the symbol, or <c>?</c>.</summary>
    public override string ToString() => Value?.ToString() ?? Symbol ?? "?";
}

/// <summary>The shape of a tensor of known rank; immutable, compared by content.</summary>
public sealed class Shape : IReadOnlyList<Dimension>, IEquatable<Shape>
{
    private readonly Dimension[] _dimensions;

    /// <summary>A shape of the given dimensions, outermost first; none for a scalar.</summary>
    public Shape(params ReadOnlySpan<Dimension> dimensions) => _dimensions = dimensions.ToArray();

    /// <summary>The shape of a scalar.</summary>
    public static Shape Scalar { get; } = new();

    /// <summary>A static shape.</summary>
    public static Shape Of(params ReadOnlySpan<long> dimensions)
    {
        Dimension[] result = new Dimension[dimensions.Length];
        for (int i = 0; i < result.Length; i++)
            result[i] = dimensions[i];
        return new Shape(result);
    }

    /// <summary>Number of dimensions.</summary>
    public int Rank => _dimensions.Length;

    int IReadOnlyCollection<Dimension>.Count => _dimensions.Length;

    /// <summary>The dimension at <paramref name="axis"/>; negative axes count from the end.</summary>
    public Dimension this[int axis] => _dimensions[axis < 0 ? axis + Rank : axis];

    /// <summary>Whether every dimension is a known number.</summary>
    public bool IsStatic => Array.TrueForAll(_dimensions, d => d.IsStatic);

    /// <summary>Number of elements, or null where a dimension is not static.</summary>
    public long? ElementCount
    {
        get
        {
            long count = 1;
            foreach (Dimension d in _dimensions)
            {
                if (d.Value is not long size)
                    return null;
                count = checked(count * size);
            }
            return count;
        }
    }

    /// <summary>The sizes of a static shape.</summary>
    /// <exception cref="GraphException">A dimension is symbolic or unknown.</exception>
    public long[] ToArray() => Array.ConvertAll(_dimensions, d =>
        d.Value ?? throw new GraphException($"The shape {this} has a dimension of unknown size where a number is needed."));

    /// <summary>This shape with another dimension at <paramref name="axis"/>.</summary>
    public Shape With(int axis, Dimension dimension)
    {
        Dimension[] copy = [.. _dimensions];
        copy[axis < 0 ? axis + Rank : axis] = dimension;
        return new Shape(copy);
    }

    /// <inheritdoc/>
    public IEnumerator<Dimension> GetEnumerator() => ((IEnumerable<Dimension>)_dimensions).GetEnumerator();

    IEnumerator IEnumerable.GetEnumerator() => GetEnumerator();

    /// <inheritdoc/>
    public bool Equals(Shape? other) => other is not null && _dimensions.AsSpan().SequenceEqual(other._dimensions);

    /// <inheritdoc/>
    public override bool Equals(object? obj) => Equals(obj as Shape);

    /// <inheritdoc/>
    public override int GetHashCode()
    {
        HashCode hash = new();
        foreach (Dimension d in _dimensions)
            hash.Add(d);
        return hash.ToHashCode();
    }

    /// <summary>For example <c>[N, 3, 224, 224]</c>.</summary>
    public override string ToString() => $"[{string.Join(", ", _dimensions)}]";
}
