namespace OnnxFineTune.Training.Tests;

[TestClass]
public sealed class FeatureCacheTests
{
    private const int Examples = 40;

    public static IEnumerable<object[]> Limits() => [["memory", long.MaxValue], ["half in memory", Examples / 2 * 3L * sizeof(float)], ["file", 0L]];

    [TestMethod, DynamicData(nameof(Limits))]
    public void FeaturesAreThoseOfTheExtractorWhereverTheyLie(string name, long memory)
    {
        using TestImages folder = new();
        foreach (string? place in new[] { folder.Path, null })
        {
            FeatureCacheOptions options = new() { Folder = place, MemoryLimit = memory };
            CountingDataset data = new(Examples) { Unreadable = [3, 17] };
            (float[] features, int[] examples, List<string> notices) = Compute(data, options, new FakeExtractor());
            CollectionAssert.AreEqual(Enumerable.Range(0, Examples).Except([3, 17]).ToArray(), examples, name);
            CollectionAssert.AreEqual(examples.SelectMany(i => new float[] { i, 10 * i, -i }).ToArray(), features, name);
            Assert.IsEmpty(notices);
        }
    }

    [TestMethod, DynamicData(nameof(Limits))]
    public void ASecondRunLoadsNothing(string name, long memory)
    {
        using TestImages folder = new();
        FeatureCacheOptions options = new() { Folder = folder.Path, MemoryLimit = memory };
        float[] cold = Compute(new CountingDataset(Examples), options, new FakeExtractor()).Features;
        CountingDataset data = new(Examples);
        FakeExtractor extractor = new();
        float[] warm = Compute(data, options, extractor).Features;
        CollectionAssert.AreEqual(cold, warm, name);
        Assert.AreEqual(0, data.Loads);
        Assert.AreEqual(0, extractor.Runs);
    }

    [TestMethod]
    public void OnlyNewExamplesAreComputed()
    {
        using TestImages folder = new();
        FeatureCacheOptions options = new() { Folder = folder.Path };
        Compute(new CountingDataset(10), options, new FakeExtractor());
        CountingDataset data = new(14);
        float[] features = Compute(data, options, new FakeExtractor()).Features;
        Assert.AreEqual(4, data.Loads);
        CollectionAssert.AreEqual(Enumerable.Range(0, 14).SelectMany(i => new float[] { i, 10 * i, -i }).ToArray(), features);
    }

    [TestMethod]
    public void AnotherModelHasItsOwnFeatures()
    {
        using TestImages folder = new();
        FeatureCacheOptions options = new() { Folder = folder.Path };
        Compute(new CountingDataset(10), options, new FakeExtractor());
        FakeExtractor other = new() { Key = ContentHash.Of([7]) };
        Compute(new CountingDataset(10), options, other);
        Assert.AreEqual(1, other.Runs);
        Assert.HasCount(2, Directory.GetFiles(folder.Path));
    }

    [TestMethod]
    public void TheSameContentIsComputedOnce()
    {
        CountingDataset data = new(8);
        DatasetSubset twice = new(data, [1, 2, 1, 2, 2]);
        (float[] features, int[] examples, _) = Compute(twice, FeatureCacheOptions.None, new FakeExtractor());
        Assert.AreEqual(2, data.Loads);
        Assert.HasCount(5, examples);
        CollectionAssert.AreEqual(new float[] { 1, 10, -1, 2, 20, -2, 1, 10, -1, 2, 20, -2, 2, 20, -2 }, features);
    }

    /// <summary>What is done to the file, how many examples are then computed again, and whether it is worth a notice.</summary>
    public static IEnumerable<object[]> Damages() =>
    [
        ["cut in the middle of the last row", (byte[] f) => f[..^5], 1, false],
        ["half a row behind the last", (byte[] f) => f.Concat(new byte[9]).ToArray(), 0, false],
        ["a bit in the last feature", (byte[] f) => Flip(f, f.Length - 1), 1, true],
        ["a bit in the header", (byte[] f) => Flip(f, 50), Examples, true],
        ["cut in the header", (byte[] f) => f[..20], Examples, true],
        ["empty", (byte[] f) => Array.Empty<byte>(), Examples, false],
        ["another file", (byte[] f) => "not features"u8.ToArray(), Examples, true],
    ];

    [TestMethod, DynamicData(nameof(Damages))]
    public void DamagedRowsAreComputedAgain(string name, object damage, int again, bool noticed)
    {
        using TestImages folder = new();
        FeatureCacheOptions options = new() { Folder = folder.Path };
        float[] cold = Compute(new CountingDataset(Examples), options, new FakeExtractor()).Features;
        string file = Directory.GetFiles(folder.Path).Single();
        File.WriteAllBytes(file, ((Func<byte[], byte[]>)damage)(File.ReadAllBytes(file)));
        for (int run = 0; run < 2; run++)       // the second finds the file repaired
        {
            CountingDataset data = new(Examples);
            (float[] features, _, List<string> notices) = Compute(data, options, new FakeExtractor());
            CollectionAssert.AreEqual(cold, features, name);
            Assert.AreEqual(run == 0 ? again : 0, data.Loads, $"{name}, run {run}");
            Assert.AreEqual(run == 0 && noticed, notices.Count > 0, $"{name}, run {run}: {string.Join(' ', notices)}");
        }
    }

    [TestMethod]
    public void AFolderThatCannotBeUsedIsNoticedAndNotNeeded()
    {
        using TestImages folder = new TestImages().AddFile("file", [1]);
        (float[] features, _, List<string> notices) = Compute(new CountingDataset(4), new FeatureCacheOptions { Folder = folder["file"] }, new FakeExtractor());
        Assert.HasCount(12, features);
        StringAssert.Contains(notices.Single(), "not kept for the next run");
    }

    [TestMethod]
    public void AFileInUseElsewhereIsNotWaitedFor()
    {
        using TestImages folder = new();
        FeatureCacheOptions options = new() { Folder = folder.Path, MemoryLimit = 0 };
        using FeatureStore first = new(options, Key(new FakeExtractor()), _ => { });
        (float[] features, _, List<string> notices) = Compute(new CountingDataset(4), options, new FakeExtractor());
        Assert.HasCount(12, features);
        StringAssert.Contains(notices.Single(), "not kept for the next run");
    }

    [TestMethod]
    public void TheFilesUsedLongestAgoAreDeleted()
    {
        using TestImages folder = new();
        for (int model = 0; model < 4; model++)
        {
            FakeExtractor extractor = new() { Key = ContentHash.Of([(byte)model]) };
            Compute(new CountingDataset(Examples), new FeatureCacheOptions { Folder = folder.Path }, extractor);
            File.SetLastWriteTimeUtc(PathOf(extractor), new DateTime(2020, 1, 1 + model, 0, 0, 0, DateTimeKind.Utc));
        }
        long size = new FileInfo(Directory.GetFiles(folder.Path)[0]).Length;
        FakeExtractor last = new() { Key = ContentHash.Of([0]) };     // the oldest file, used once more
        Compute(new CountingDataset(Examples), new FeatureCacheOptions { Folder = folder.Path, DiskLimit = 2 * size }, last);
        Assert.AreEqual(0, last.Runs);
        CollectionAssert.AreEquivalent(new[] { PathOf(last), PathOf(new FakeExtractor { Key = ContentHash.Of([3]) }) }, Directory.GetFiles(folder.Path));

        string PathOf(FakeExtractor extractor) => folder[Key(extractor) + ".features"];
    }

    [TestMethod]
    public void ACancelledRunKeepsWhatItComputed()
    {
        using TestImages folder = new();
        FeatureCacheOptions options = new() { Folder = folder.Path };
        using CancellationTokenSource source = new();
        FakeExtractor extractor = new() { OnRun = source.Cancel };
        Assert.ThrowsExactly<OperationCanceledException>(() => Compute(new CountingDataset(Examples), options, extractor, source.Token));
        CountingDataset data = new(Examples);
        Compute(data, options, new FakeExtractor());
        Assert.AreEqual(Examples - 16, data.Loads);
    }

    private static (float[] Features, int[] Examples, List<string> Notices) Compute(IDataset data, FeatureCacheOptions options, FakeExtractor extractor, CancellationToken cancellation = default)
    {
        List<string> notices = [];
        using FeatureStore store = new(options, Key(extractor), notices.Add);
        FeatureTable table = new FeatureCache(store, new Lazy<IFeatureExtractor>(extractor), 2, new UnreadableExamples()).Compute(data, _ => { }, cancellation);
        List<float> features = [];
        float[][] parts = [new float[2], new float[1]];
        foreach (int example in table.Examples)
        {
            table.CopyTo(example, parts, 0, new float[3]);
            features.AddRange([.. parts[0], .. parts[1]]);
        }
        return ([.. features], [.. table.Examples], notices);
    }

    private static ContentHash Key(FakeExtractor extractor) => extractor.Key;

    private static byte[] Flip(byte[] bytes, int place)
    {
        byte[] copy = [.. bytes];
        copy[place] ^= 4;
        return copy;
    }

    /// <summary>Two parts of (x, y): (x, 10·x) and (y).</summary>
    private sealed class FakeExtractor : IFeatureExtractor
    {
        public ContentHash Key { get; init; } = ContentHash.Of([1]);

        public Action OnRun { get; init; } = () => { };

        public int Runs { get; private set; }

        public IReadOnlyList<ReadOnlyMemory<float>> Extract(ReadOnlyMemory<float> inputs, int count)
        {
            Runs++;
            OnRun();
            float[] first = new float[2 * count], second = new float[count];
            for (int i = 0; i < count; i++)
            {
                (first[2 * i], first[2 * i + 1]) = (inputs.Span[2 * i], 10 * inputs.Span[2 * i]);
                second[i] = inputs.Span[2 * i + 1];
            }
            return [first, second];
        }
    }
}
