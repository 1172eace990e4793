namespace OnnxFineTune.Training;

/// <summary>With which statistics BatchNormalization normalizes while a network is trained. Evaluation and the tuned model use the running statistics in either mode.</summary>
public enum BatchNormalizationMode
{
    /// <summary>
    /// With the running statistics of the pretrained network, which stay as they are (PyTorch's <c>eval()</c>): what suits fine-tuning on few or small batches.
    /// </summary>
    Frozen,

    /// <summary>
    /// With mean and variance of each batch, while the running statistics follow them (PyTorch's <c>train()</c>), in every BatchNormalization at or behind a trained parameter: what suits
    /// new or randomly initialized layers, and pictures quite unlike those of the pretraining, in batches of 16 and more. Layers in front of all trained parameters keep their running statistics.
    /// </summary>
    Batch,
}
