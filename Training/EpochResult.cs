namespace OnnxFineTune.Training;

/// <summary>What one epoch gave.</summary>
/// <param name="Epoch">1 for the first.</param>
/// <param name="TrainLoss">Mean loss over the epoch's batches, each before its update and with dropout on.</param>
/// <param name="TrainAccuracy">Accuracy over the same, 0 to 1; null where outputs are values.</param>
/// <param name="ValidationLoss">Mean loss on the validation examples after the epoch; null without any.</param>
/// <param name="ValidationAccuracy">Accuracy on the same, 0 to 1; null without any, or where outputs are values.</param>
public sealed record EpochResult(int Epoch, double TrainLoss, double? TrainAccuracy, double? ValidationLoss, double? ValidationAccuracy);
