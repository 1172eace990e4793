using System.Collections.Concurrent;
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
        string[] paths = ConformanceModels.Find();
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

    private static void Check(ModelProto expected, byte[] saved, string when) =>
        Assert.AreEqual(expected, ModelProto.Parser.ParseFrom(saved), when);
}
