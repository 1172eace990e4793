namespace OnnxFineTune.Surgery;

/// <summary>Random initial weights that depend on the seed alone: the same on every machine and with every version of .NET.</summary>
/// <remarks>
/// Numbers come from SplitMix64 (Steele, Lea and Flood, "Fast splittable pseudorandom number generators", OOPSLA 2014), of which the upper
/// 24 bits make a float in [0, 1).
/// </remarks>
public sealed class InitialWeights(int seed)
{
    private ulong _state = (ulong)seed;

    /// <summary>A float32 tensor with elements of U(−1/√fanIn, 1/√fanIn).</summary>
    /// <param name="fanIn">How many inputs each output sums.</param>
    /// <param name="dimensions">Shape of the tensor.</param>
    /// <remarks>
    /// What PyTorch does for linear and convolutional layers, weight and bias: He et al. 2015 (arXiv:1502.01852) with gain 1/√3, and within a
    /// constant the bound of Glorot and Bengio 2010.
    /// </remarks>
    public TensorData Uniform(long fanIn, params ReadOnlySpan<long> dimensions)
    {
        float bound = 1 / MathF.Sqrt(fanIn);
        float[] values = new float[Shape.Of(dimensions).ElementCount!.Value];
        for (int i = 0; i < values.Length; i++)
            values[i] = bound * (2 * NextSingle() - 1);
        return TensorData.FromFloats(values, dimensions);
    }

    private float NextSingle() => (Next() >> 40) * (1f / (1 << 24));

    private ulong Next()
    {
        ulong z = _state += 0x9E3779B97F4A7C15;
        z = (z ^ (z >> 30)) * 0xBF58476D1CE4E5B9;
        z = (z ^ (z >> 27)) * 0x94D049BB133111EB;
        return z ^ (z >> 31);
    }
}
