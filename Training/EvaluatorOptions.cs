namespace OnnxFineTune.Training;

/// <summary>How a model is measured.</summary>
public sealed record EvaluatorOptions
{
    /// <summary>Examples that go through the model at once where its batch size is free, at least 1; 16 by default.</summary>
    public int BatchSize { get; init; } = 16;

    /// <summary>Threads of ONNX Runtime and of decoding, at least 1; 0 (default) takes one per core.</summary>
    public int Threads { get; init; }

    /// <summary>What is wrong, one sentence each; empty when all is well.</summary>
    public IReadOnlyList<string> Validate() => new OptionErrors().InRange(nameof(BatchSize), BatchSize, 1, 1_000_000).InRange(nameof(Threads), Threads, 0, 4096).All;

    /// <summary><see cref="Threads"/> as they are used.</summary>
    internal int ThreadCount => Threads == 0 ? Environment.ProcessorCount : Threads;
}
