namespace OnnxFineTune.Training;

/// <summary>A training run that came to nothing; the message says why and what to change.</summary>
public sealed class TrainingException(string message) : Exception(message);
