using OnnxFineTune.Surgery;

namespace OnnxFineTune.Training;

/// <summary>The weights to go back to at the end: those of the best epoch, or of the last good one.</summary>
/// <param name="engine">Whose weights.</param>
/// <param name="keepBest">Whether those of the best epoch are kept; else those of the last.</param>
internal sealed class BestWeights(ITrainingEngine engine, bool keepBest)
{
    private IReadOnlyDictionary<string, TensorData>? _weights;
    private EpochResult? _best;

    /// <summary>The epoch of the weights that are kept; 0 before the first.</summary>
    public int Epoch { get; private set; }

    /// <summary>The last epoch that was better than all before it.</summary>
    public int ImprovedAt => _best?.Epoch ?? 0;

    /// <summary>Keeps the engine's present weights if they are worth it.</summary>
    /// <returns>False where the weights or the epoch's losses are not finite; then nothing is kept.</returns>
    public bool Consider(EpochResult result)
    {
        if (!double.IsFinite(result.TrainLoss) || result.ValidationLoss is { } loss && !double.IsFinite(loss))
            return false;
        bool improved = _best is null || IsBetter(result, _best);
        if (improved || !keepBest)
        {
            IReadOnlyDictionary<string, TensorData> weights = engine.ExportParameters();
            if (!weights.Values.All(IsFinite))
                return false;
            (_weights, Epoch) = (weights, result.Epoch);
        }
        if (improved)
            _best = result;
        return true;
    }

    /// <summary>Gives the kept weights back to the engine; leaves it as it is where none are kept.</summary>
    public void Restore()
    {
        if (_weights is not null)
            engine.ImportParameters(_weights);
    }

    /// <summary>By validation loss, which tells more than accuracy does where examples are few; by training loss without validation.</summary>
    private static bool IsBetter(EpochResult a, EpochResult b) => (a.ValidationLoss ?? a.TrainLoss) < (b.ValidationLoss ?? b.TrainLoss);

    private static bool IsFinite(TensorData data)
    {
        foreach (float value in data.Span<float>())
            if (!float.IsFinite(value))
                return false;
        return true;
    }
}
