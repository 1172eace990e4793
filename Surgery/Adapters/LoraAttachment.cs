namespace OnnxFineTune.Surgery;

/// <summary>What <see cref="Lora.Attach"/> gives.</summary>
/// <param name="Model">The model with adapters; train it with <see cref="Trainable.Adapters"/>.</param>
/// <param name="Weights">Names of the weights that have an adapter, in the order of the nodes that read them; weight NAME has the parameters <c>NAME.lora_A</c> and <c>NAME.lora_B</c>.</param>
/// <param name="Parameters">Numbers in all adapters together.</param>
/// <param name="Warnings">Which weights fit the pattern and have none nevertheless, and why, a sentence for each reason.</param>
public sealed record LoraAttachment(Model Model, IReadOnlyList<string> Weights, long Parameters, IReadOnlyList<string> Warnings);
