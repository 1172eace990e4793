using System.Globalization;
using System.Text.Json;
using OnnxFineTune.Surgery;

namespace OnnxFineTune.Training.Tests;

/// <summary>A row of <c>operators.json</c>: one node with its inputs, and its outputs and gradients as PyTorch computes them.</summary>
/// <param name="Case">The node and its inputs.</param>
/// <param name="Outputs">Expected elements of the outputs that take part in the loss.</param>
/// <param name="Cotangents">dL/dY of those outputs.</param>
/// <param name="Gradients">Expected dL/dX of the trained inputs; null where PyTorch has none.</param>
internal sealed record OperatorFixture(
    GradientCase Case, IReadOnlyDictionary<int, double[]> Outputs, IReadOnlyDictionary<int, double[]> Cotangents, IReadOnlyDictionary<int, double[]?> Gradients)
{
    /// <summary>All rows, in the order of the file.</summary>
    public static IReadOnlyList<OperatorFixture> All { get; } = [.. Read(Path.Combine(AppContext.BaseDirectory, "Reference", "Operators", "operators.json"))];

    /// <summary>The operators that the row differentiates; quantization of an input is one.</summary>
    public IEnumerable<string> Operators => Case.Quantized.Count > 0 ? [Case.FullName, "QuantizeLinear"] : [Case.FullName];

    private static IEnumerable<OperatorFixture> Read(string path)
    {
        using JsonDocument document = JsonDocument.Parse(File.ReadAllText(path));
        int number = 0;
        foreach (JsonElement row in document.RootElement.EnumerateArray())
            yield return Read(row, number++);
    }

    private static OperatorFixture Read(JsonElement row, int number)
    {
        (int Index, JsonElement Value)[] inputs = Present(row.GetProperty("inputs")), outputs = Present(row.GetProperty("outputs"));
        (int Index, JsonElement Value)[] trained = [.. inputs.Where(i => !i.Value.TryGetProperty("kind", out _))];
        string note = row.TryGetProperty("note", out JsonElement text) ? text.GetString()! : "";
        int count = row.GetProperty("outputs").GetArrayLength();
        GradientCase c = new(row.GetProperty("operator").GetString()!, [.. Enumerable.Range(0, inputs.Length > 0 ? inputs[^1].Index + 1 : 0).Select(i => trained.Where(t => t.Index == i).Select(t => Shape(t.Value)).FirstOrDefault())])
        {
            Note = note.Length > 0 ? $"{note}, row {number}" : $"row {number}",
            Domain = row.TryGetProperty("domain", out JsonElement domain) ? domain.GetString()! : Model.StandardDomain,
            Opset = row.TryGetProperty("opset", out JsonElement opset) ? opset.GetInt32() : GraphBuilder.WorkingOpset,
            Attributes = row.TryGetProperty("attributes", out JsonElement attributes) ? [.. attributes.EnumerateObject().Select(a => (a.Name, (object?)Attribute(a.Value)))] : [],
            Values = trained.ToDictionary(i => i.Index, i => Numbers(i.Value.GetProperty("values"))),
            Constants = Tensors(inputs, "constant"),
            Computed = Tensors(inputs, "computed"),
            Quantized = trained.Where(i => i.Value.TryGetProperty("quantized", out _)).ToDictionary(i => i.Index, i => i.Value.GetProperty("quantized").GetDouble()),
            Outputs = count,
            Unused = [.. Enumerable.Range(0, count).Except(outputs.Select(o => o.Index))],
            Tolerance = row.TryGetProperty("tolerance", out JsonElement tolerance) ? tolerance.GetDouble() : 1e-5,
        };
        JsonElement gradients = row.GetProperty("gradients");
        return new OperatorFixture(c, outputs.ToDictionary(o => o.Index, o => Numbers(o.Value.GetProperty("values"))), outputs.ToDictionary(o => o.Index, o => Numbers(o.Value.GetProperty("cotangents"))),
            trained.ToDictionary(i => i.Index, i => gradients[i.Index].ValueKind == JsonValueKind.Null ? null : Numbers(gradients[i.Index])));
    }

    private static (int Index, JsonElement Value)[] Present(JsonElement array) => [.. array.EnumerateArray().Index().Where(i => i.Item.ValueKind != JsonValueKind.Null)];

    private static long[] Shape(JsonElement input) => [.. input.GetProperty("shape").EnumerateArray().Select(d => d.GetInt64())];

    private static double[] Numbers(JsonElement array) => [.. array.EnumerateArray().Select(Number)];

    private static double Number(JsonElement value) => value.ValueKind == JsonValueKind.String ? double.Parse(value.GetString()!, CultureInfo.InvariantCulture) : value.GetDouble();

    private static Dictionary<int, TensorData> Tensors((int Index, JsonElement Value)[] inputs, string kind) => inputs
        .Where(i => i.Value.TryGetProperty("kind", out JsonElement own) && own.GetString() == kind)
        .ToDictionary(i => i.Index, i => Tensor(i.Value.TryGetProperty("type", out JsonElement type) ? type.GetString()! : "float", Numbers(i.Value.GetProperty("values")), Shape(i.Value)));

    private static TensorData Tensor(string type, double[] values, long[] shape) => type switch
    {
        "float" => TensorData.FromFloats(Array.ConvertAll(values, v => (float)v), shape),
        "int64" => TensorData.FromLongs(Array.ConvertAll(values, v => (long)v), shape),
        "int32" => TensorData.FromBytes(ElementType.Int32, Surgery.Shape.Of(shape), values.SelectMany(v => BitConverter.GetBytes((int)v)).ToArray()),
        "bool" => TensorData.FromBytes(ElementType.Bool, Surgery.Shape.Of(shape), Array.ConvertAll(values, v => (byte)v)),
        _ => throw new NotSupportedException($"operators.json has inputs of type '{type}', which {nameof(OperatorFixture)} does not read."),
    };

    /// <summary>A number with a fraction or an exponent is a float, any other an integer.</summary>
    private static object Attribute(JsonElement value) => value.ValueKind switch
    {
        JsonValueKind.String => value.GetString()!,
        JsonValueKind.Array => value.EnumerateArray().Select(v => v.GetInt64()).ToArray(),
        _ => value.GetRawText().AsSpan().IndexOfAny('.', 'e') >= 0 ? (object)value.GetSingle() : value.GetInt64(),
    };
}
