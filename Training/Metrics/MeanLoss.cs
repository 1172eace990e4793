namespace OnnxFineTune.Training;

/// <summary>Mean loss per example over any number of batches.</summary>
public sealed class MeanLoss
{
    private double _sum;
    private long _count;

    /// <summary>The mean; NaN before the first batch.</summary>
    public double Value => _sum / _count;

    /// <summary>Adds a batch.</summary>
    /// <param name="loss">Mean loss of the batch.</param>
    /// <param name="count">Number of its examples.</param>
    public void Add(double loss, int count)
    {
        _sum += loss * count;
        _count += count;
    }
}
