using System.Collections.Concurrent;
using Microsoft.ML.OnnxRuntime;
using OnnxFineTune.Models;
using OnnxFineTune.Surgery.Serialization.Proto;

namespace OnnxFineTune.Surgery.Tests.Serialization;

[TestClass]
public sealed class ConformanceTests
{
    public TestContext TestContext { get; set; } = null!;

    /// <summary>Content is compared message by message, with nothing normalised: presence of fields, order and unknown fields included.</summary>
    [TestMethod]
    public void EveryModelIsTheSameAfterLoadAndSave()
    {
        string[] paths = [.. Present.Conformance()];
        ConcurrentBag<string> failures = [];
        Parallel.ForEach(paths, path =>
        {
            try
            {
                ModelProto expected = ModelProto.Parser.ParseFrom(File.ReadAllBytes(path));
                Model model = Model.Load(path);
                byte[] saved = model.ToBytes();
                Check(expected, saved, "after one round");
                Check(expected, Model.Parse(saved).ToBytes(), "after two rounds");
                Check(expected, model.Clone().ToBytes(), "in a clone");
            }
            catch (Exception e)
            {
                failures.Add($"{ConformanceModels.Name(path)}: {e.GetType().Name} {e.Message}");
            }
        });
        TestContext.WriteLine($"{paths.Length} models, {failures.Count} failures");
        Assert.IsEmpty(failures, string.Join('\n', failures.Order()));
        Assert.IsGreaterThan(1000, paths.Length);
    }

    /// <summary>Outputs are compared bit for bit; models whose outputs differ between two runs of the same file (random operators) cannot be.</summary>
    [TestMethod]
    public void EveryRunnableModelComputesTheSameAfterLoadAndSave()
    {
        string[] paths = [.. Present.Conformance()];
        ConcurrentBag<(string Name, string Reason)> notRunnable = [];
        ConcurrentBag<string> failures = [], random = [];
        int same = 0;
        Parallel.ForEach(paths, path =>
        {
            string name = ConformanceModels.Name(path);
            string[] expected;
            try
            {
                expected = Run(path, o => new InferenceSession(path, o));
            }
            catch (Exception e) when (e is OnnxRuntimeException or NotSupportedException)
            {
                notRunnable.Add((name, e.Message));
                return;
            }
            string[] actual = Run(path, o => RuntimeSession.Open(Model.Parse(Model.Load(path).ToBytes()), o, sharedFrom: 1024));
            if (expected.SequenceEqual(actual))
                Interlocked.Increment(ref same);
            else if (!expected.SequenceEqual(Run(path, o => new InferenceSession(path, o))))
                random.Add(name);
            else
                failures.Add(name);
        });
        TestContext.WriteLine($"{paths.Length} models: {same} the same, {random.Count} random, {notRunnable.Count} not runnable by ONNX Runtime");
        TestContext.WriteLine($"random: {string.Join(", ", random.Order())}");
        foreach ((string name, string reason) in notRunnable.Order())
            TestContext.WriteLine($"not runnable: {name}: {reason}");
        Assert.IsEmpty(failures, string.Join('\n', failures.Order()));
        Assert.IsGreaterThan(900, same);
    }

    private static string[] Run(string path, Func<SessionOptions, InferenceSession> open)
    {
        using SessionOptions options = new() { IntraOpNumThreads = 1, LogSeverityLevel = OrtLoggingLevel.ORT_LOGGING_LEVEL_FATAL };
        using InferenceSession session = open(options);
        Dictionary<string, OrtValue> feeds = ConformanceCase.ReadFeeds(path);
        using RunOptions run = new();
        using IDisposableReadOnlyCollection<OrtValue> outputs = session.Run(run, feeds, session.OutputNames);
        string[] result = [.. outputs.Select(ConformanceCase.Describe)];
        foreach (OrtValue feed in feeds.Values)
            feed.Dispose();
        return result;
    }

    private static void Check(ModelProto expected, byte[] saved, string when) =>
        MessageAssert.AreEqual(expected, ModelProto.Parser.ParseFrom(saved), when);
}
