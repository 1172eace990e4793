namespace OnnxFineTune.Training;

/// <summary>The two forms of <see cref="AdamW"/> in use: they differ in where ε is added, and in whether weights decay before or after they move.</summary>
public enum AdamWForm
{
    /// <summary>As PyTorch: θ ← θ·(1 − ηλ), then θ ← θ − η·m̂ / (√v̂ + ε).</summary>
    PyTorch,

    /// <summary>As Hugging Face's Transformers: θ ← θ − η·√(1 − β₂ᵗ)/(1 − β₁ᵗ)·m / (√v + ε), then θ ← θ·(1 − ηλ).</summary>
    HuggingFace,
}
