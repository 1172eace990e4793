namespace OnnxFineTune.Surgery.Tests;

[TestClass]
public sealed class InitialWeightsTests
{
    [TestMethod]
    public void NumbersAreThoseOfSplitMix64()
    {
        // The first outputs of the generator's reference implementation for seed 1234567.
        ulong[] reference = [6457827717110365317, 3203168211198807973, 9817491932198370423, 4593380528125082431, 16408922859458223821];
        float[] expected = [.. reference.Select(r => 2 * ((r >> 40) / 16777216f) - 1)];
        CollectionAssert.AreEqual(expected, new InitialWeights(1234567).Uniform(1, 5).ToFloats());
    }

    [TestMethod, DataRow(1), DataRow(2), DataRow(-3)]
    public void WeightsAreUniformBetweenTheirBounds(int seed)
    {
        float[] weights = new InitialWeights(seed).Uniform(100, 40, 1000).ToFloats();
        Assert.IsTrue(weights.All(w => w is >= -0.1f and < 0.1f));
        Assert.AreEqual(0, weights.Average(), 0.1 / Math.Sqrt(3 * weights.Length) * 4, "four standard errors of the mean");
        Assert.AreEqual(0.01 / 3, weights.Average(w => (double)w * w), 0.01 * 4 * Math.Sqrt(4 / 45.0 / weights.Length), "four standard errors of the mean square");
    }

    [TestMethod]
    public void SeedsGiveDifferentWeightsAndTheSameSeedTheSame()
    {
        float[] first = new InitialWeights(1).Uniform(4, 8).ToFloats();
        CollectionAssert.AreEqual(first, new InitialWeights(1).Uniform(4, 8).ToFloats());
        CollectionAssert.AreNotEqual(first, new InitialWeights(2).Uniform(4, 8).ToFloats());
    }
}
