using OnnxFineTune.Surgery;

namespace OnnxFineTune.Training.Tests;

[TestClass]
public sealed class ExampleLoaderTests
{
    [TestMethod]
    [DataRow(1)]
    [DataRow(4)]
    public void BatchesKeepTheirOrderAndLeaveUnreadableExamplesOut(int threads)
    {
        CountingDataset data = new(20) { Unreadable = [0, 5, 6, 19] };
        UnreadableExamples unreadable = new();
        ExampleLoader loader = new(data, threads, unreadable);
        List<float> inputs = [];
        List<int> indices = [];
        foreach (LoadedExamples batch in loader.Load([.. Enumerable.Range(0, 20).Chunk(6)], CancellationToken.None))
        {
            inputs.AddRange(batch.Inputs.ToArray());
            indices.AddRange(batch.Indices);
        }
        int[] expected = [.. Enumerable.Range(0, 20).Except([0, 5, 6, 19])];
        CollectionAssert.AreEqual(expected, indices);
        CollectionAssert.AreEqual(expected.SelectMany(i => new float[] { i, -i }).ToArray(), inputs);
        Assert.HasCount(4, unreadable.Messages);
    }

    [TestMethod]
    public void AnErrorStops()
    {
        CountingDataset data = new(20) { Fatal = [13] };
        ExampleLoader loader = new(data, 2, new UnreadableExamples());
        Assert.ThrowsExactly<DatasetException>(() => loader.Load([.. Enumerable.Range(0, 20).Chunk(6)], CancellationToken.None).Count());
    }

    [TestMethod]
    public void WhoStopsEarlyLeavesNothingRunning()
    {
        CountingDataset data = new(1000);
        ExampleLoader loader = new(data, 2, new UnreadableExamples());
        Assert.AreEqual(0, loader.Load([.. Enumerable.Range(0, 1000).Chunk(4)], CancellationToken.None).First().Indices[0]);
        Assert.IsLessThanOrEqualTo(4 * 4, data.Loads);
    }

    [TestMethod]
    public void CancellationStops()
    {
        using CancellationTokenSource source = new();
        ExampleLoader loader = new(new CountingDataset(1000), 2, new UnreadableExamples());
        Assert.ThrowsExactly<OperationCanceledException>(() =>
        {
            foreach (LoadedExamples _ in loader.Load([.. Enumerable.Range(0, 1000).Chunk(4)], source.Token))
                source.Cancel();
        });
    }
}

/// <summary>Example i is (i, −i) of class i mod 2; counts what is asked of it.</summary>
internal sealed class CountingDataset(int count) : IDataset
{
    private int _loads;

    public HashSet<int> Unreadable { get; init; } = [];

    public HashSet<int> Fatal { get; init; } = [];

    public int Loads => _loads;

    public int Count => count;

    public IReadOnlyList<string> Labels => ["even", "odd"];

    public Shape InputShape => Shape.Of(2);

    public int TargetLength => 1;

    public string Preparation => "counting";

    public string NameOf(int index) => $"number {index:D4}";

    public int? ClassOf(int index) => index % 2;

    public void CopyTarget(int index, Span<float> destination) => destination[0] = index % 2;

    public ContentHash HashOf(int index) => ContentHash.Of(BitConverter.GetBytes(index));

    public void Load(int index, Span<float> destination)
    {
        Interlocked.Increment(ref _loads);
        if (Fatal.Contains(index))
            throw new DatasetException($"{NameOf(index)} stops everything.");
        if (Unreadable.Contains(index))
            throw new UnreadableExampleException($"{NameOf(index)} is unreadable.");
        (destination[0], destination[1]) = (index, -index);
    }
}
