using Microsoft.ML.OnnxRuntime;

namespace OnnxFineTune.Surgery.Tests;

/// <summary>What became of a conformance model.</summary>
internal enum ConformanceOutcome
{
    /// <summary>The changed model gives the expected outputs.</summary>
    Equal,
    /// <summary>The runtime cannot run the model as it came, or its data are no tensors: nothing to compare.</summary>
    NotRunnable,
    /// <summary>The pass says that it has no equivalent.</summary>
    Refused,
    /// <summary>The changed model fails or gives other outputs than expected.</summary>
    Different,
}

/// <summary>Outcome and reason.</summary>
internal sealed record ConformanceResult(ConformanceOutcome Outcome, string Detail = "");

/// <summary>Runs a conformance model, changed in a way that must not change what it computes, on its first data set.</summary>
internal static class PassConformance
{
    public static ConformanceResult Check(string file, Func<Model, Model> pass, CancellationToken cancellation)
    {
        cancellation.ThrowIfCancellationRequested();
        Model model = Model.Load(file);
        if (model.Opset >= GraphBuilder.WorkingOpset || ReadData(file, "input", model.Graph.FeedInputs) is not { } feeds || ReadData(file, "output", model.Graph.Outputs) is not { } expected)
            return new(ConformanceOutcome.NotRunnable);
        bool ranBefore = Compare(model, feeds, expected) is null;
        try
        {
            model = pass(model);
        }
        catch (GraphException e)
        {
            return new(ranBefore ? ConformanceOutcome.Refused : ConformanceOutcome.NotRunnable, e.Message);
        }
        string? difference = Compare(model, feeds, expected);
        return difference is null ? new(ConformanceOutcome.Equal)
            : new(ranBefore ? ConformanceOutcome.Different : ConformanceOutcome.NotRunnable, difference);
    }

    private static Dictionary<string, TensorData>? ReadData(string file, string kind, IEnumerable<Value> values)
    {
        Dictionary<string, TensorData> data = [];
        string folder = Path.Combine(Path.GetDirectoryName(file)!, "test_data_set_0");
        foreach ((int i, Value value) in values.Index())
        {
            string path = Path.Combine(folder, $"{kind}_{i}.pb");
            if (!File.Exists(path) || value.ElementType is ElementType.Undefined or ElementType.String)
                return null;
            data[value.Name] = TensorFile.Load(path);
        }
        return data;
    }

    /// <returns>Null where the outputs are as expected, else what is wrong.</returns>
    private static string? Compare(Model model, Dictionary<string, TensorData> feeds, Dictionary<string, TensorData> expected)
    {
        try
        {
            using SessionOptions quiet = new() { LogSeverityLevel = OrtLoggingLevel.ORT_LOGGING_LEVEL_FATAL };
            IReadOnlyDictionary<string, TensorData> actual = RuntimeSession.RunOnce(model, feeds.ToDictionary(f => f.Key, f => As(model.Graph.Get(f.Key).ElementType, f.Value)), quiet);
            return expected.Select(e => Difference(e.Key, e.Value, actual[e.Key])).FirstOrDefault(d => d is not null);
        }
        catch (Exception e) when (e is GraphException or OnnxRuntimeException)
        {
            return e.Message;
        }
    }

    /// <summary>Half precision widened where the model takes float32 since.</summary>
    private static TensorData As(ElementType type, TensorData data) =>
        type == ElementType.Float && data.ElementType == ElementType.Float16 ? TensorData.FromFloats(data.ToFloats(), data.Shape.ToArray()) : data;

    private static string? Difference(string name, TensorData expected, TensorData actual)
    {
        if (!expected.Shape.Equals(actual.Shape) || As(actual.ElementType, expected).ElementType != actual.ElementType)
            return $"{name} is {actual}, not {expected}";
        if (!expected.ElementType.IsFloatingPoint())
            return expected.Bytes.Span.SequenceEqual(actual.Bytes.Span) ? null : $"{name} differs";
        float[] e = expected.ToFloats(), a = actual.ToFloats();
        float tolerance = expected.ElementType is ElementType.Float or ElementType.Double ? 1e-3f : 1e-2f;     // as ONNX's own backend test runner has it
        for (int i = 0; i < e.Length; i++)
            if (!(e[i] == a[i] || (float.IsNaN(e[i]) && float.IsNaN(a[i])) || MathF.Abs(e[i] - a[i]) <= 1e-5f + tolerance * MathF.Abs(e[i])))
                return $"{name}[{i}] is {a[i]}, not {e[i]}";
        return null;
    }
}
