namespace OnnxFineTune.Training.Tests;

[TestClass]
public sealed class ScheduleTests
{
    public static IEnumerable<(string Name, ISchedule Schedule, double[] Factors)> Cases =>
    [
        ("constant", new ConstantSchedule(), [1, 1, 1]),
        ("cosine", new CosineSchedule(), [1, 0.8535533906, 0.5, 0.1464466094, 0]),
        ("cosine to a tenth", new CosineSchedule { FinalFactor = 0.1f }, [1, 0.8681980515, 0.55, 0.2318019485, 0.1]),
        ("cosine of one step", new CosineSchedule(), [1]),
        ("warm-up", new LinearWarmup { Steps = 4 }, [0.25, 0.5, 0.75, 1, 1, 1]),
        ("warm-up, cosine", new LinearWarmup { Steps = 2, Then = new CosineSchedule() }, [0.5, 1, 1, 0.75, 0.25, 0]),
        ("warm-up longer than the run", new LinearWarmup { Steps = 10 }, [0.1, 0.2, 0.3]),
        ("no warm-up", new LinearWarmup { Steps = 0, Then = new CosineSchedule() }, [1, 0]),
        // PyTorch: OneCycleLR(max_lr=1, total_steps=10)
        ("one cycle", new OneCycleSchedule(), [0.04, 0.52, 1, 0.95048463, 0.81174565, 0.61126202, 0.38874198, 0.18825835, 0.04951937, 4e-06]),
        ("one cycle of one step", new OneCycleSchedule(), [1]),
    ];

    [TestMethod, DynamicData(nameof(Cases))]
    public void FactorsAreThese(string name, ISchedule schedule, double[] factors)
    {
        Assert.IsEmpty(schedule.Validate(), name);
        for (int step = 0; step < factors.Length; step++)
            Assert.AreEqual(factors[step], schedule.Factor(step, factors.Length), 1e-7, $"{name}, step {step}");
    }

    [TestMethod]
    public void WrongOptionsAreAllNamed()
    {
        Assert.HasCount(1, new CosineSchedule { FinalFactor = -1 }.Validate());
        Assert.HasCount(2, new LinearWarmup { Steps = -1, Then = new CosineSchedule { FinalFactor = 2 } }.Validate());
        Assert.HasCount(3, new OneCycleSchedule { RisingShare = 1, StartDivisor = 0.5f, FinalDivisor = 0 }.Validate());
    }
}
