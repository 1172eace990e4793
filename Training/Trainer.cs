namespace OnnxFineTune.Training;

/// <summary>The training loop.</summary>
public sealed class Trainer;
