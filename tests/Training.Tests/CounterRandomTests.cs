using System.Numerics;
using OnnxFineTune.Surgery;

namespace OnnxFineTune.Training.Tests;

[TestClass]
public sealed class CounterRandomTests
{
    private const int Count = 1 << 18;
    private const double P = CounterRandom.Range;

    /// <summary>Steps, seeds and streams at the ends of their ranges.</summary>
    public static IEnumerable<object[]> Keys =>
        from step in new[] { 0L, 1, 2, 1000, -1, long.MaxValue, long.MinValue }
        from key in new[] { (0, 0), (1, 0), (int.MaxValue, 1), (-1, 5) }
        select new object[] { step, key.Item1, key.Item2 };

    [TestMethod, DynamicData(nameof(Keys))]
    public void NumbersAreFifthPowersOfALine(long step, int seed, int stream)
    {
        long[] numbers = Draw(step, seed, stream, 64);
        BigInteger Root(int i) => BigInteger.ModPow(numbers[i], 1717986917, CounterRandom.Range);      // 5 · 1717986917 ≡ 1 mod p − 1
        BigInteger slope = Root(1) - Root(0);
        Assert.AreNotEqual(BigInteger.Zero, slope);
        for (int i = 1; i < 64; i++)
            Assert.AreEqual(BigInteger.Zero, (Root(i) - Root(0) - i * slope) % CounterRandom.Range, $"number {i}");
    }

    [TestMethod, DynamicData(nameof(Keys))]
    public void NumbersAreUniform(long step, int seed, int stream)
    {
        const int Bins = 256;
        int[] histogram = new int[Bins];
        foreach (long number in Draw(step, seed, stream, Count))
            histogram[number * Bins / CounterRandom.Range]++;
        double expected = Count / (double)Bins, chi = histogram.Sum(h => (h - expected) * (h - expected) / expected);
        Assert.IsLessThan(5 * Math.Sqrt(2 * (Bins - 1)), Math.Abs(chi - (Bins - 1)), "χ² with 255 degrees of freedom");
    }

    [TestMethod]
    public void MasksOfNeighboursStepsStreamsAndSeedsAreIndependent()
    {
        bool[] mask = Mask(5, 0, 0);
        Dictionary<string, bool[]> others = new() { ["next step"] = Mask(6, 0, 0), ["next stream"] = Mask(5, 0, 1), ["next seed"] = Mask(5, 1, 0) };
        for (int lag = 1; lag <= 64; lag++)
            others[$"{lag} behind"] = [.. mask[lag..], .. mask[..lag]];
        for (int step = 7; step < 40; step++)
            others[$"step {step}"] = Mask(step, 0, 0);
        foreach ((string name, bool[] other) in others)
            Assert.IsLessThan(5, Math.Abs(Correlation(mask, other)) * Math.Sqrt(Count), $"{name}: standard deviations from none");
    }

    private static bool[] Mask(long step, int seed, int stream) => [.. Draw(step, seed, stream, Count).Select(n => n >= P / 2)];

    private static double Correlation(bool[] a, bool[] b) => a.Zip(b).Sum(pair => pair.First == pair.Second ? 1 : -1) / (double)a.Length;

    private static long[] Draw(long step, int seed, int stream, int count)
    {
        Model model = new(new Graph()) { Opset = GraphBuilder.WorkingOpset };
        Value input = model.Graph.AddInput("step", ElementType.Int64, Shape.Of(1)), like = model.Graph.AddInput("like", ElementType.Float, new Shape(new Dimension(null, "rows"), 2));
        model.Graph.SetOutputs(new CounterRandom(new GraphBuilder(model.Graph), input, seed, stream).Like(like));
        Dictionary<string, TensorData> feeds = new() { ["step"] = TensorData.Vector([step]), ["like"] = TensorData.FromFloats(new float[count], count / 2, 2) };
        return RuntimeSession.RunOnce(model, feeds).Values.Single().ToLongs();
    }
}
