namespace OnnxFineTune.Training;

/// <summary>Where batches of training and validation come from: kept features, or examples that are loaded each time.</summary>
internal interface IBatchSource
{
    /// <summary>The examples that can be had, ascending.</summary>
    IReadOnlyList<int> Examples { get; }

    /// <summary>Batches of the given examples, in order; each is valid until the next is asked for. A batch without any readable example is left out.</summary>
    IEnumerable<Batch> Batches(IReadOnlyList<int[]> examples, CancellationToken cancellation);
}
