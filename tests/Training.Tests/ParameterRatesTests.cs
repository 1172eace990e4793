using OnnxFineTune.Models;
using OnnxFineTune.Surgery;

namespace OnnxFineTune.Training.Tests;

[TestClass]
public sealed class ParameterRatesTests
{
    [TestMethod]
    public void RatesDecayFromTheHeadToTheStem()
    {
        IReadOnlyDictionary<string, float> rates = Rates(new TrainerOptions { LayerDecay = 0.5f, Trainable = Trainable.All });
        (string, float)[] expected = [("stem", 1f / 32), ("b1", 1f / 16), ("b2", 1f / 8), ("b3", 1f / 4), ("b4", 1f / 2), ("tail", 1f / 2), ("fc", 1)];
        foreach ((string prefix, float factor) in expected)
        {
            string[] names = [.. Parameters.Of(BlockModels.InvertedResidual()).Select(p => p.Name).Where(n => n.StartsWith(prefix + ".", StringComparison.Ordinal))];
            Assert.IsNotEmpty(names);
            foreach (string name in names)
                Assert.AreEqual(factor, rates.GetValueOrDefault(name, 1), name);
        }
    }

    [TestMethod]
    public void TheFirstPatternThatFitsCountsBesideTheDecay()
    {
        IReadOnlyDictionary<string, float> rates = Rates(new TrainerOptions
        {
            LayerDecay = 0.5f, Trainable = Trainable.LastBlocks(2), LearningRateFactors = [new("b4.*,tail.*", 3), new("*.b", 0.1f), new("b4.project.b", 9)],
        });
        Assert.AreEqual(1.5f, rates["b4.project.b"]);
        Assert.AreEqual(1.5f, rates["tail.conv.w"]);
        Assert.AreEqual(0.25f, rates["b3.project.w"]);
        Assert.AreEqual(0.025f, rates["b3.project.b"], 1e-9);
        Assert.AreEqual(0.1f, rates["fc.b"]);
        Assert.IsFalse(rates.ContainsKey("fc.w"));
        Assert.IsFalse(rates.ContainsKey("b2.project.w"), "it is not trained");
    }

    [TestMethod]
    public void APatternThatFitsNothingTrainedIsAnError()
    {
        TrainerOptions options = new() { Trainable = Trainable.Head, LearningRateFactors = [new("fc.d", 0.5f)] };
        StringAssert.Contains(Assert.ThrowsExactly<GraphException>(() => Rates(options)).Message, "No trained parameter's name fits 'fc.d', for which there is a factor on the learning rate. Did you mean 'fc.b'");
    }

    private static IReadOnlyDictionary<string, float> Rates(TrainerOptions options)
    {
        Model model = BlockModels.InvertedResidual();
        return ParameterRates.Of(model, [.. options.Trainable.Select(model).Select(p => p.Name)], options);
    }
}
