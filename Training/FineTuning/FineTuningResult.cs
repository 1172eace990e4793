namespace OnnxFineTune.Training;

/// <summary>What fine-tuning from file to file gave.</summary>
/// <param name="Model">Path of the tuned model.</param>
/// <param name="Labels">The classes, in output order.</param>
/// <param name="CutAt">The value that became the features of the new head.</param>
/// <param name="Fit">What training gave.</param>
/// <param name="Test">The saved model on the test pictures; null without any, or where the run was cancelled.</param>
public sealed record FineTuningResult(string Model, IReadOnlyList<string> Labels, string CutAt, FitResult Fit, EvaluationResult? Test)
{
    /// <summary>Path of the adapter, saved alone; null without <see cref="FineTuningOptions.Lora"/>.</summary>
    public string? Adapter { get; init; }

    /// <summary>Whether the run was cancelled, in training or while the saved model was tested.</summary>
    public bool Cancelled { get; init; }
}
