namespace OnnxFineTune.Training;

/// <summary>Where batches of training and validation come from: kept features, or examples that are loaded each time.</summary>
internal interface IBatchSource
{
    /// <summary>The examples that can be had, ascending.</summary>
    IReadOnlyList<int> Examples { get; }

    /// <summary>The given batches of examples, in order; each is valid until the next is asked for. One without any readable example is left out.</summary>
    IEnumerable<Batch> Batches(IReadOnlyList<int[]> batches, CancellationToken cancellation);
}
