using OnnxFineTune.Surgery;

namespace OnnxFineTune.Training.Tests;

[TestClass]
public sealed class SlopeTests
{
    [TestMethod]
    [DataRow(1e-15)]
    [DataRow(1e-7)]
    public void SmoothFunctionsHaveTheirDerivativeWithinTheUncertainty(double noise)
    {
        SeededRandom random = new(1);
        foreach ((Func<double, double> function, double slope) in new (Func<double, double>, double)[] { (t => Math.Exp(2 * t), 2), (t => Math.Sin(t + 1), Math.Cos(1)), (t => t * t * t - t, -1), (_ => 5, 0) })
        {
            Slope found = Slope.Of(t => function(t) + noise * (random.NextDouble() * 2 - 1) * Math.Sqrt(3), function(0), 0.05, noise, 0);
            Assert.IsFalse(found.IsKink);
            Assert.AreEqual(slope, found.Value, found.Uncertainty);
            Assert.IsLessThan(Math.Max(1e-9, 1e4 * noise), found.Uncertainty);
        }
    }

    [TestMethod]
    public void AKinkHasTwoSlopesAndWhatLiesBetweenThemIsRight()
    {
        Slope slope = Slope.Of(t => Math.Sin(t) + 0.5 * Math.Abs(t), 0, 0.05, 1e-15, 0);
        Assert.IsTrue(slope.IsKink);
        Assert.AreEqual(0.5, slope.Low, 1e-3);
        Assert.AreEqual(1.5, slope.High, 1e-3);
        Assert.AreEqual(0, slope.DistanceTo(0.7));
        Assert.AreEqual(0.5, slope.DistanceTo(2), 1e-3);
    }

    [TestMethod]
    public void AKinkNearbyIsNoneAndSmallStepsMissIt()
    {
        Slope slope = Slope.Of(t => Math.Sin(t) + Math.Max(0, t - 0.01), 0, 0.05, 1e-15, 0);
        Assert.IsFalse(slope.IsKink);
        Assert.AreEqual(1, slope.Value, slope.Uncertainty);
        Assert.IsLessThan(1e-6, slope.Uncertainty);
    }

    [TestMethod]
    public void NoiseIsToldFromTheFunction()
    {
        SeededRandom random = new(2);
        double[] found = [.. Enumerable.Range(0, 20).Select(_ => RoundingNoise.Of(t => Math.Exp(t) + 1e-6 * (random.NextDouble() * 2 - 1) * Math.Sqrt(3), 1e-4)).Order()];
        Assert.IsTrue(found[10] is > 0.5e-6 and < 2e-6, $"{found[10]}");
        Assert.IsLessThan(1e-15, RoundingNoise.Of(t => 3 * t + t * t, 1e-4));
    }
}
