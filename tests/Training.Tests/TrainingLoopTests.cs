namespace OnnxFineTune.Training.Tests;

[TestClass]
public sealed class TrainingLoopTests
{
    private const int StepsPerEpoch = 3;        // 10 examples in batches of 4

    private static readonly TrainerOptions Options = new() { Epochs = 5, BatchSize = 4, LearningRate = 1, Schedule = new ConstantSchedule() };

    [TestMethod]
    public void EveryEpochSeesEveryExampleOnceInItsOwnOrder()
    {
        FakeEngine engine = new();
        Assert.AreEqual(StopReason.Completed, Loop(engine, Options).Run(default));
        float[][] epochs = [.. engine.TrainedInputs.Chunk(StepsPerEpoch).Select(steps => steps.SelectMany(s => s).Where((_, i) => i % 2 == 0).ToArray())];
        Assert.HasCount(5, epochs);
        foreach (float[] epoch in epochs)
            CollectionAssert.AreEqual(Enumerable.Range(0, 10).Select(i => (float)i).ToArray(), epoch.Order().ToArray());
        Assert.HasCount(5, epochs.Select(e => string.Join(' ', e)).Distinct().ToArray());
    }

    [TestMethod]
    public void TheScheduleFollowsTheWholeRun()
    {
        FakeEngine engine = new();
        TrainerOptions options = Options with { LearningRate = 0.5f, Schedule = new CosineSchedule() };
        Loop(engine, options).Run(default);
        CollectionAssert.AreEqual(Enumerable.Range(0, 15).Select(s => 0.5f * options.Schedule.Factor(s, 15)).ToArray(), engine.LearningRates);
    }

    [TestMethod]
    [DataRow(true, 2)]
    [DataRow(false, 5)]
    public void TheBestEpochsWeightsAreTheResult(bool restore, int expected)
    {
        FakeEngine engine = new() { ValidationLoss = steps => MathF.Abs(steps - 2 * StepsPerEpoch) };
        TrainingLoop loop = Loop(engine, Options with { RestoreBestWeights = restore }, validate: true);
        loop.Run(default);
        Assert.AreEqual(expected, loop.BestEpoch);
        Assert.AreEqual(expected * StepsPerEpoch, engine.Theta);
    }

    [TestMethod]
    public void EarlyStoppingWaitsForItsPatience()
    {
        FakeEngine engine = new() { ValidationLoss = steps => MathF.Abs(steps - 2 * StepsPerEpoch) };
        TrainingLoop loop = Loop(engine, Options with { Epochs = 50, EarlyStoppingPatience = 3 }, validate: true);
        Assert.AreEqual(StopReason.EarlyStopping, loop.Run(default));
        Assert.HasCount(5, loop.History);
        Assert.AreEqual(2, loop.BestEpoch);
    }

    [TestMethod]
    public void CancellationKeepsTheBestWeights()
    {
        using CancellationTokenSource source = new();
        FakeEngine engine = new() { ValidationLoss = steps => 1f / steps, AfterStep = step => Cancel(source, step == 7) };
        TrainingLoop loop = Loop(engine, Options, validate: true);
        Assert.AreEqual(StopReason.Cancelled, loop.Run(source.Token));
        Assert.AreEqual(2, loop.BestEpoch);
        Assert.AreEqual(2 * StepsPerEpoch, engine.Theta);
    }

    [TestMethod]
    public void CancellationInTheFirstEpochKeepsWhatItLearned()
    {
        using CancellationTokenSource source = new();
        FakeEngine engine = new() { AfterStep = step => Cancel(source, step == 2) };
        TrainingLoop loop = Loop(engine, Options, validate: true);
        Assert.AreEqual(StopReason.Cancelled, loop.Run(source.Token));
        Assert.AreEqual(0, loop.BestEpoch);
        Assert.AreEqual(2, engine.Theta);
    }

    [TestMethod]
    public void CancellationBeforeTheFirstStepIsAnException()
    {
        using CancellationTokenSource source = new();
        source.Cancel();
        Assert.ThrowsExactly<OperationCanceledException>(() => Loop(new FakeEngine(), Options).Run(source.Token));
    }

    [TestMethod]
    [DataRow(float.NaN)]
    [DataRow(float.PositiveInfinity)]
    public void ALossThatIsNotFiniteAtOnceIsAnErrorWithARemedy(float loss)
    {
        TrainingException e = Assert.ThrowsExactly<TrainingException>(() => Loop(new FakeEngine { TrainLoss = step => step < 2 ? 1 : loss }, Options).Run(default));
        StringAssert.Contains(e.Message, "Lower the learning rate (it was 1)");
        StringAssert.Contains(e.Message, "preprocessing");
    }

    [TestMethod]
    [DataRow(true)]
    [DataRow(false)]
    public void ALaterLossThatIsNotFiniteKeepsTheBestWeights(bool validate)
    {
        FakeEngine engine = new() { TrainLoss = step => step <= 8 ? 1f / step : float.NaN, ValidationLoss = steps => 1f / steps };
        ProgressReporter progress = new(null);
        TrainingLoop loop = Loop(engine, Options, validate, progress);
        Assert.AreEqual(StopReason.Diverged, loop.Run(default));
        Assert.AreEqual(2, loop.BestEpoch);
        Assert.AreEqual(2 * StepsPerEpoch, engine.Theta);
        StringAssert.Contains(progress.Warnings.Single(), "diverged in epoch 3");
        StringAssert.Contains(progress.Warnings.Single(), "The weights of epoch 2 are kept");
    }

    [TestMethod]
    public void AValidationLossThatIsNotFiniteStopsToo()
    {
        FakeEngine engine = new() { TrainLoss = step => 1f / step, ValidationLoss = steps => steps < 2 * StepsPerEpoch ? 1 : float.NaN };
        TrainingLoop loop = Loop(engine, Options, validate: true);
        Assert.AreEqual(StopReason.Diverged, loop.Run(default));
        Assert.AreEqual(1, loop.BestEpoch);
    }

    [TestMethod]
    public void ProgressReachesItsEnd()
    {
        List<TrainingProgress> reports = [];
        Loop(new FakeEngine(), Options, validate: true, new ProgressReporter(new Recorder(reports))).Run(default);
        Assert.AreEqual(0, reports[0].Done);
        Assert.AreEqual(15, reports[^1].Done);
        Assert.AreEqual(TimeSpan.Zero, reports[^1].Remaining);
        CollectionAssert.AreEqual(new[] { 1, 2, 3, 4, 5 }, reports.Where(r => r.Completed is not null).Select(r => r.Completed!.Epoch).ToArray());
    }

    private static void Cancel(CancellationTokenSource source, bool now)
    {
        if (now)
            source.Cancel();
    }

    private static TrainingLoop Loop(FakeEngine engine, TrainerOptions options, bool validate = false, ProgressReporter? progress = null)
    {
        CountingDataset data = new(10);
        return new TrainingLoop(engine, Batches(data), validate ? Batches(data) : null, OutputKind.ClassLogits, options, progress ?? new ProgressReporter(null));
    }

    private static LoadedBatches Batches(IDataset data) => new(data, new ClassTargets(data, data.Labels), [.. Enumerable.Range(0, data.Count)], 2, new UnreadableExamples());
}

/// <summary>Keeps every report.</summary>
internal sealed class Recorder(List<TrainingProgress> reports) : IProgress<TrainingProgress>
{
    public void Report(TrainingProgress value) => reports.Add(value);
}
