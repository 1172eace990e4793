using OnnxFineTune.Surgery;

namespace OnnxFineTune.Training.Tests;

[TestClass]
public sealed class GradientTableTests
{
    [TestMethod]
    public void EveryRuleAndEverythingThatIsWrittenOutIsListedOnce()
    {
        string[] names = [.. GradientTable.All.Select(o => o.FullName)];
        CollectionAssert.AllItemsAreUnique(names);
        CollectionAssert.IsSubsetOf(GradientRules.All.Keys.Concat(WriteOut.Known).ToArray(), names);
    }

    /// <summary>The rows of the gradient tests show by example which inputs get gradients.</summary>
    [TestMethod]
    public void InputsWithGradientsAreThoseThatTheTestsTrain()
    {
        List<string> differences = [];
        foreach (OperatorGradient entry in GradientTable.All.Where(o => o.Domain.Length == 0 && GradientRules.All.TryGetValue(o.Operator, out GradientRule? rule) && rule.Function is not null))
        {
            IReadOnlyList<OperatorPort> inputs = StandardOperator.All.Single(o => o.Name == entry.Operator).Inputs;
            string[] trained = [.. GradientCases.All.Where(c => c.FullName == entry.Operator).SelectMany(c => c.Trained).Distinct().Order().Select(i => Name(inputs, i)).Distinct()];
            if (!trained.SequenceEqual(entry.Inputs))
                differences.Add($"{entry.Operator}: the tests train {string.Join(", ", trained)}, the table says {string.Join(", ", entry.Inputs)}");
        }
        Assert.IsEmpty(differences, string.Join("\n", differences));
    }

    [TestMethod]
    [DataRow("Conv", GradientSource.Rule, "X, W, B")]
    [DataRow("Concat", GradientSource.Rule, "inputs…")]
    [DataRow("Resize", GradientSource.Rule, "X")]
    [DataRow("QuantizeLinear", GradientSource.StraightThrough, "x, y_scale")]
    [DataRow("LSTM", GradientSource.WrittenOut, "")]
    [DataRow("Upsample", GradientSource.WrittenOut, "")]
    [DataRow("com.microsoft.FusedConv", GradientSource.WrittenOut, "")]
    [DataRow("ArgMax", GradientSource.None, "")]
    [DataRow("Not", GradientSource.None, "")]
    [DataRow("NonMaxSuppression", GradientSource.None, "")]
    [DataRow("SequenceMap", GradientSource.WrittenOut, "")]
    [DataRow("SequenceConstruct", GradientSource.WrittenOut, "")]
    [DataRow("Unique", GradientSource.NotYet, "")]
    public void OperatorsAreWhereTheyBelong(string name, GradientSource source, string inputs)
    {
        OperatorGradient entry = GradientTable.All.Single(o => o.FullName == name);
        Assert.AreEqual(source, entry.Source);
        Assert.AreEqual(inputs, string.Join(", ", entry.Inputs));
    }

    /// <summary>Unique sorts; PyTorch has no gradient of it either.</summary>
    [TestMethod]
    public void OnlyUniqueHasNone() => Assert.AreEqual("Unique", string.Join(' ', GradientTable.All.Where(o => o.Source == GradientSource.NotYet).Select(o => o.FullName)));

    private static string Name(IReadOnlyList<OperatorPort> inputs, int index) =>
        index < inputs.Count && !inputs[index].IsRepeated ? inputs[index].Name : $"{inputs[^1].Name}…";
}
