namespace OnnxFineTune.Training;

/// <summary>How gradients are compared with finite differences.</summary>
public sealed record GradientCheckOptions
{
    /// <summary>Decides the directions, and the batch where none is given.</summary>
    public int Seed { get; init; }

    /// <summary>Directions per parameter, from 1 to 100; 2 by default.</summary>
    public int Directions { get; init; } = 2;

    /// <summary>Relative difference that counts as rounding of the float32 gradients, from 0 to 1; 0.001 by default.</summary>
    public double Tolerance { get; init; } = 1e-3;

    /// <summary>Examples in a batch that is made up, from 1 to 1024; 2 by default.</summary>
    public int BatchSize { get; init; } = 2;

    /// <summary>Threads to compute with, from 0 (all cores, the default) to 4096.</summary>
    public int Threads { get; init; }

    /// <summary>What is wrong with these options, one sentence each; empty when all is well.</summary>
    public IReadOnlyList<string> Validate() => new OptionErrors()
        .InRange(nameof(Directions), Directions, 1, 100)
        .InRange(nameof(Tolerance), Tolerance, 0, 1)
        .InRange(nameof(BatchSize), BatchSize, 1, 1024)
        .InRange(nameof(Threads), Threads, 0, 4096)
        .All;
}
