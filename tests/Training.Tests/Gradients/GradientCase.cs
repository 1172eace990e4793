using OnnxFineTune.Surgery;

namespace OnnxFineTune.Training.Tests;

/// <summary>One row of the gradient tests: an operator with its attributes and inputs.</summary>
/// <param name="Operator">Operator name.</param>
/// <param name="Shapes">Shapes of the trained float inputs; null at the places of constants and of inputs that are left out.</param>
internal sealed record GradientCase(string Operator, params long[]?[] Shapes)
{
    /// <summary>Operator domain.</summary>
    public string Domain { get; init; } = Model.StandardDomain;

    /// <summary>Version of the standard operator set.</summary>
    public int Opset { get; init; } = GraphBuilder.WorkingOpset;

    /// <summary>What is special about this row; part of its name.</summary>
    public string Note { get; init; } = "";

    /// <summary>Attributes of the node.</summary>
    public (string Name, object? Value)[] Attributes { get; init; } = [];

    /// <summary>Random inputs are drawn evenly from here.</summary>
    public (double Min, double Max) Range { get; init; } = (-1, 1);

    /// <summary>Ranges of single inputs that differ from <see cref="Range"/>.</summary>
    public Dictionary<int, (double Min, double Max)> Ranges { get; init; } = [];

    /// <summary>Given, not random, elements of trained inputs.</summary>
    public Dictionary<int, double[]> Values { get; init; } = [];

    /// <summary>Inputs that are initializers; float ones take the element type under test.</summary>
    public Dictionary<int, TensorData> Constants { get; init; } = [];

    /// <summary>Inputs that the graph computes when it runs, so that rules do not see their values: indices, bounds, conditions.</summary>
    public Dictionary<int, TensorData> Computed { get; init; } = [];

    /// <summary>Trained inputs that the graph quantizes to uint8 before the operator reads them, with their scales.</summary>
    public Dictionary<int, double> Quantized { get; init; } = [];

    /// <summary>Number of outputs that the node has.</summary>
    public int Outputs { get; init; } = 1;

    /// <summary>Outputs that take no part in the loss.</summary>
    public int[] Unused { get; init; } = [];

    /// <summary>Whether the row is run with a batch of unknown size too, where the inputs have a common first dimension.</summary>
    public bool Batch { get; init; } = true;

    /// <summary>Whether dL/dY is all ones rather than random, as special values with literal gradients want it.</summary>
    public bool UnitGradient { get; init; }

    /// <summary>The gradients that are expected, by input, where finite differences cannot tell (kinks, large or random operators).</summary>
    public Func<GradientRun, Dictionary<int, double[]>>? Formula { get; init; }

    /// <summary>Largest difference of the float32 gradient from the expected one, relative to the largest element.</summary>
    public double Tolerance { get; init; } = 2e-5;

    /// <summary>The same for the float64 gradient, where the runtime has the operators in float64.</summary>
    public double DoubleTolerance { get; init; } = 1e-8;

    /// <summary>Whether the runtime takes the operator in float64 and fails when it runs: differences are then taken of what it is written out in, whose outputs are compared in float32.</summary>
    public bool FailsInDouble { get; init; }

    /// <summary>Number of inputs.</summary>
    public int InputCount => Math.Max(Shapes.Length, Constants.Keys.Concat(Computed.Keys).Append(-1).Max() + 1);

    /// <summary>The trained inputs.</summary>
    public int[] Trained => [.. Enumerable.Range(0, Shapes.Length).Where(i => Shapes[i] is not null)];

    /// <summary>The operator with its domain, where that is not the standard's.</summary>
    public string FullName => Domain.Length > 0 ? $"{Domain}.{Operator}" : Operator;

    /// <summary>For example <c>Mul [2, 3] [3]</c>.</summary>
    public override string ToString()
    {
        IEnumerable<string> inputs = Enumerable.Range(0, InputCount).Select(i =>
            Constants.TryGetValue(i, out TensorData? constant) ? Text(constant)
            : Computed.TryGetValue(i, out TensorData? computed) ? $"computed {Text(computed)}"
            : i < Shapes.Length && Shapes[i] is { } shape ? $"[{string.Join(", ", shape)}]" : "–");
        IEnumerable<string> attributes = Attributes.Select(a => $"{a.Name}={(a.Value is Array v ? string.Join(",", v.Cast<object>()) : a.Value)}");
        IEnumerable<string> ranges = Ranges.Select(r => $"x{r.Key}∈{r.Value}").Prepend(Range == (-1, 1) ? "" : $"∈{Range}").Where(t => t.Length > 0);
        return string.Join(" ", [FullName, .. inputs, .. attributes, .. ranges, .. Note.Length > 0 ? [$"({Note})"] : Array.Empty<string>()]);
    }

    private static string Text(TensorData data) => $"{{{string.Join(", ", data.ToFloats())}}}";

    /// <summary>A row of special values of one input x, with the expected dL/dx where dL/dY = 1.</summary>
    public static GradientCase Special(string opType, double[] x, double[] gradient, params (string Name, object? Value)[] attributes) => new(opType, [x.Length])
    {
        Note = $"at {string.Join(", ", x)}",
        Attributes = attributes,
        Values = { [0] = x },
        UnitGradient = true,
        Formula = _ => new() { [0] = gradient },
    };
}
