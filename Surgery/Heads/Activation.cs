namespace OnnxFineTune.Surgery;

/// <summary>What stands between two layers of a head.</summary>
public enum Activation
{
    /// <summary>max(x, 0).</summary>
    Relu,
    /// <summary>x·Φ(x), exact: Hendrycks and Gimpel 2016, arXiv:1606.08415.</summary>
    Gelu,
    /// <summary>x·min(max(x/6 + 1/2, 0), 1): Howard et al. 2019, arXiv:1905.02244.</summary>
    HardSwish,
    /// <summary>tanh x.</summary>
    Tanh,
    /// <summary>1/(1+e⁻ˣ).</summary>
    Sigmoid,
}
