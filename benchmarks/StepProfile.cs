using System.Text.Json;
using Microsoft.ML.OnnxRuntime;
using OnnxFineTune.Surgery;
using OnnxFineTune.Training;

namespace OnnxFineTune.Benchmarks;

/// <summary>Where the time of a step goes, by the runtime's own profile.</summary>
/// <param name="Step">The step.</param>
/// <param name="Lines">Single nodes to print, those that take longest first.</param>
internal sealed record StepProfile(FullStep Step, int Lines)
{
    private const int Runs = 3;

    private sealed record Kernel(string Node, string Operator, string Shapes, double Milliseconds);

    /// <summary>Measures and prints: by part of the step, by operator, by node; milliseconds of the fastest run of each node.</summary>
    public void Run()
    {
        TrainingGraph graph = Step.Graph();
        StepGraph step = StepGraph.Build(graph, new Sgd(), clipping: null, factors: new Dictionary<string, float>());
        IReadOnlyList<Kernel> kernels = Profile(step.Model, Feeds(graph, step));
        Console.WriteLine($"{kernels.Sum(k => k.Milliseconds):F1} ms in {kernels.Count} nodes");
        Print("part", kernels.GroupBy(k => PartOf(k.Node)));
        Print("operator", kernels.GroupBy(k => k.Operator));
        Print("operator of a part", kernels.GroupBy(k => $"{PartOf(k.Node)} {k.Operator}").Where(g => g.Sum(k => k.Milliseconds) >= 5));
        foreach (Kernel kernel in kernels.OrderByDescending(k => k.Milliseconds).Take(Lines))
            Console.WriteLine($"{kernel.Milliseconds,9:F2}  {kernel.Operator,-18} {kernel.Shapes}  {kernel.Node}");
    }

    private static void Print(string title, IEnumerable<IGrouping<string, Kernel>> groups)
    {
        Console.WriteLine($"-- by {title}");
        foreach (IGrouping<string, Kernel> group in groups.OrderByDescending(g => g.Sum(k => k.Milliseconds)).Take(24))
            Console.WriteLine($"{group.Sum(k => k.Milliseconds),9:F1}  {group.Count(),5}  {group.Key}");
    }

    private static string PartOf(string node) =>
        node.StartsWith("grad/", StringComparison.Ordinal) ? "gradients" : node.StartsWith("update/", StringComparison.Ordinal) ? "update" : "forward and loss";

    private Dictionary<string, OrtValue> Feeds(TrainingGraph graph, StepGraph step)
    {
        Batch batch = Step.RandomBatch(graph);
        Dictionary<string, TensorData> feeds = step.Groups.Where(g => g.IsShared).ToDictionary(g => g.Name, g => TensorData.FromFloats(new float[g.Length], g.Length));
        foreach (TrainedParameter parameter in graph.Parameters)
            feeds[parameter.Name] = parameter.Initial;
        foreach (string coefficient in step.Coefficients)
            feeds[coefficient] = TensorData.Scalar(0f);
        feeds[graph.Features[0].Name] = TensorData.FromFloats(batch.Inputs[0].ToArray(), Step.BatchSize, 3, Step.Size, Step.Size);
        feeds[graph.Targets.Name] = TensorData.Vector([.. batch.Targets.ToArray().Select(t => (long)t)]);
        return feeds.ToDictionary(f => f.Key, f => f.Value.ToOrtValue());
    }

    private IReadOnlyList<Kernel> Profile(Model model, Dictionary<string, OrtValue> feeds)
    {
        using SessionOptions options = EngineSession.Options(Step.Threads, small: false);
        options.EnableProfiling = true;
        options.ProfileOutputPathPrefix = Path.Combine(Path.GetTempPath(), "onnxft-step");
        using InferenceSession session = RuntimeSession.Open(model, options);
        using RunOptions run = new();
        for (int i = 0; i < Runs; i++)
            session.Run(run, feeds, session.OutputNames).Dispose();
        string file = session.EndProfiling();
        using JsonDocument profile = JsonDocument.Parse(File.ReadAllBytes(file));
        File.Delete(file);
        foreach (OrtValue feed in feeds.Values)
            feed.Dispose();
        return [.. profile.RootElement.EnumerateArray().Select(Read).OfType<Kernel>().GroupBy(k => k.Node).Select(g => g.MinBy(k => k.Milliseconds)!)];
    }

    private static Kernel? Read(JsonElement entry)
    {
        const string suffix = "_kernel_time";
        if (entry.GetProperty("cat").GetString() != "Node" || entry.GetProperty("name").GetString() is not { } name || !name.EndsWith(suffix, StringComparison.Ordinal))
            return null;
        JsonElement arguments = entry.GetProperty("args");
        string shapes = arguments.TryGetProperty("input_type_shape", out JsonElement inputs)
            ? string.Join(" ", inputs.EnumerateArray().Select(i => $"[{string.Join(",", i.EnumerateObject().First().Value.EnumerateArray())}]")) : "";
        return new Kernel(name[..^suffix.Length], arguments.GetProperty("op_name").GetString()!, shapes, entry.GetProperty("dur").GetDouble() / 1000);
    }
}
