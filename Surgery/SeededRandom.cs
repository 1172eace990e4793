namespace OnnxFineTune.Surgery;

/// <summary>
/// Random numbers that are the same for a seed on every machine and in every version of .NET (System.Random promises neither): xoshiro256**,
/// its state filled by SplitMix64. Not safe for several threads, nor for secrets.
/// </summary>
/// <remarks>Blackman and Vigna, "Scrambled linear pseudorandom number generators", arXiv:1805.01407; Steele, Lea and Flood, OOPSLA 2014.</remarks>
public sealed class SeededRandom
{
    private ulong _a, _b, _c, _d;

    /// <summary>A generator.</summary>
    /// <param name="seed">The same seed gives the same numbers.</param>
    /// <param name="stream">Independent numbers of the same seed, for example one stream per epoch or per parameter.</param>
    public SeededRandom(int seed, int stream = 0)
    {
        ulong state = ((ulong)(uint)stream << 32) | (uint)seed;
        (_a, _b, _c, _d) = (SplitMix(ref state), SplitMix(ref state), SplitMix(ref state), SplitMix(ref state));
    }

    /// <summary>64 random bits.</summary>
    public ulong NextBits()
    {
        ulong result = ulong.RotateLeft(_b * 5, 7) * 9;
        ulong t = _b << 17;
        _c ^= _a;
        _d ^= _b;
        _b ^= _c;
        _a ^= _d;
        _c ^= t;
        _d = ulong.RotateLeft(_d, 45);
        return result;
    }

    /// <summary>A whole number from 0 to below <paramref name="limit"/>, all equally likely.</summary>
    /// <remarks>Lemire, "Fast random integer generation in an interval", arXiv:1805.10941.</remarks>
    public int Next(int limit)
    {
        ArgumentOutOfRangeException.ThrowIfNegativeOrZero(limit);
        while (true)
        {
            ulong product = (NextBits() >> 32) * (uint)limit;
            if ((uint)product >= (uint)limit || (uint)product >= (0u - (uint)limit) % (uint)limit)
                return (int)(product >> 32);
        }
    }

    /// <summary>A number from 0 to below 1, with 24 random bits.</summary>
    public float NextSingle() => (NextBits() >> 40) * (1f / (1 << 24));

    /// <summary>A number from 0 to below 1, with 53 random bits.</summary>
    public double NextDouble() => (NextBits() >> 11) * (1.0 / (1L << 53));

    /// <summary>Brings the items into random order, all orders equally likely (Fisher and Yates; Durstenfeld 1964).</summary>
    public void Shuffle<T>(Span<T> items)
    {
        for (int i = items.Length - 1; i > 0; i--)
        {
            int j = Next(i + 1);
            (items[i], items[j]) = (items[j], items[i]);
        }
    }

    private static ulong SplitMix(ref ulong state)
    {
        ulong z = state += 0x9E3779B97F4A7C15;
        z = (z ^ (z >> 30)) * 0xBF58476D1CE4E5B9;
        z = (z ^ (z >> 27)) * 0x94D049BB133111EB;
        return z ^ (z >> 31);
    }
}
