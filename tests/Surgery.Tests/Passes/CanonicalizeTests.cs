using OnnxFineTune.Models;

namespace OnnxFineTune.Surgery.Tests;

[TestClass]
public sealed class CanonicalizeTests
{
    [TestMethod]
    public void ConstantsBecomeInitializersAndIdentitiesGo()
    {
        Model model = SpellingModels.ConstantsAndIdentities();
        Dictionary<string, TensorData> feeds = new() { ["x"] = TensorData.FromFloats([1, -2, 3, -4, 5, -6], 2, 3) };
        IReadOnlyDictionary<string, TensorData> expected = RuntimeSession.RunOnce(model, feeds);
        Canonicalize.Run(model);
        IReadOnlyDictionary<string, TensorData> actual = RuntimeSession.RunOnce(model, feeds);
        CollectionAssert.AreEqual(new[] { "result", "direct" }, actual.Keys.ToArray());
        foreach ((string name, TensorData value) in expected)
            CollectionAssert.AreEqual(value.ToFloats(), actual[name].ToFloats(), name);
        Assert.IsFalse(model.Graph.Nodes.Any(n => n.OpType == "Constant"));
        Assert.AreEqual(1, model.Graph.Nodes.Count(n => n.OpType == "Identity"), "only the one between an input and an output can stay");
        CollectionAssert.AreEqual(new[] { "x" }, model.Graph.Inputs.Select(v => v.Name).ToArray());
        Assert.AreEqual(2, model.Graph.Get("bias").Uses.Count);
    }

    [TestMethod]
    public void ASecondRunChangesNothing()
    {
        Model model = SpellingModels.ConstantsAndIdentities();
        Canonicalize.Run(model);
        byte[] once = model.ToBytes();
        Canonicalize.Run(model);
        CollectionAssert.AreEqual(once, model.ToBytes());
    }
}
