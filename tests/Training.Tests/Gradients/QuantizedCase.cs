using OnnxFineTune.Surgery;

namespace OnnxFineTune.Training.Tests;

/// <summary>An operator on a quantized tensor, and what it computes on real numbers.</summary>
/// <param name="Operator">Operator name.</param>
/// <param name="Shape">Shape of the data.</param>
internal sealed record QuantizedCase(string Operator, params long[] Shape)
{
    /// <summary>Operator domain.</summary>
    public string Domain { get; init; } = "com.microsoft";

    /// <summary>The inputs: from the quantized data, their scale and zero point, and those of the output.</summary>
    public required Func<GraphBuilder, Value, Value[], Value[], Value?[]> Inputs { get; init; }

    /// <summary>The same on real numbers.</summary>
    public required Func<GraphBuilder, Value, Value> Real { get; init; }

    /// <summary>Attributes of the node.</summary>
    public (string Name, object? Value)[] Attributes { get; init; } = [];

    /// <summary>Whether it reads real numbers.</summary>
    public bool TakesReal { get; init; }

    /// <summary>Whether its result is real.</summary>
    public bool GivesReal { get; init; }

    /// <summary>Whether the result has the scale of the data.</summary>
    public bool KeepsScale { get; init; }

    /// <summary>What is special about this row.</summary>
    public string Note { get; init; } = "";

    /// <summary>Largest difference of gradients, relative to the largest element.</summary>
    public float Tolerance { get; init; } = 1e-5f;

    /// <summary>The operator with its domain, where that is not the standard's.</summary>
    public string FullName => Domain.Length > 0 ? $"{Domain}.{Operator}" : Operator;

    /// <inheritdoc/>
    public override string ToString() => $"{FullName} {Note}".Trim();
}
