using System.Buffers;

namespace OnnxFineTune.Inference;

/// <summary>
/// The weights with which source pixels along one axis make target pixels, as Pillow computes them: fixed-point numbers of <see cref="PrecisionBits"/> bits that sum to 1.
/// </summary>
internal sealed class ResamplingTable : IDisposable
{
    /// <summary>Bits behind the point: 32, less 8 for the pixel and 2 for the sign and the overshoot of cubic weights.</summary>
    public const int PrecisionBits = 32 - 8 - 2;

    private readonly int[] _weights;
    private readonly int[] _starts;
    private readonly int[] _lengths;
    private readonly int _stride;

    /// <summary>The weights of target pixels <paramref name="first"/> … first + count − 1, where <paramref name="source"/> pixels become <paramref name="scaled"/>.</summary>
    public ResamplingTable(int source, int scaled, int first, int count, Interpolation interpolation)
    {
        double scale = (double)source / scaled;
        double widening = Math.Max(scale, 1);
        double support = Support(interpolation) * widening;
        Count = count;
        _stride = (int)Math.Ceiling(support) * 2 + 1;
        _weights = ArrayPool<int>.Shared.Rent(_stride * count);
        _starts = ArrayPool<int>.Shared.Rent(count);
        _lengths = ArrayPool<int>.Shared.Rent(count);
        Span<double> row = _stride <= 512 ? stackalloc double[_stride] : new double[_stride];
        for (int i = 0; i < count; i++)
        {
            double center = (first + i + 0.5) * scale;
            int start = Math.Max((int)(center - support + 0.5), 0);
            int length = Math.Min((int)(center + support + 0.5), source) - start;
            if (interpolation == Interpolation.Nearest)
                (start, length) = (Math.Min((int)center, source - 1), 1);
            (_starts[i], _lengths[i]) = (start, length);
            double sum = 0;
            for (int j = 0; j < length; j++)
                sum += row[j] = Weight(interpolation, (j + start - center + 0.5) / widening);
            for (int j = 0; j < length; j++)
                _weights[i * _stride + j] = (int)Math.Round(row[j] / sum * (1 << PrecisionBits), MidpointRounding.AwayFromZero);
        }
    }

    /// <summary>Number of target pixels.</summary>
    public int Count { get; }

    /// <summary>The first source pixel that any target pixel needs.</summary>
    public int FirstSource => _starts[0];

    /// <summary>One behind the last source pixel that any target pixel needs.</summary>
    public int EndSource => _starts[Count - 1] + _lengths[Count - 1];

    /// <summary>The first source pixel of a target pixel.</summary>
    public int Start(int target) => _starts[target];

    /// <summary>The weights of the source pixels of a target pixel, from <see cref="Start"/> on.</summary>
    public ReadOnlySpan<int> Weights(int target) => _weights.AsSpan(target * _stride, _lengths[target]);

    /// <inheritdoc/>
    public void Dispose()
    {
        ArrayPool<int>.Shared.Return(_weights);
        ArrayPool<int>.Shared.Return(_starts);
        ArrayPool<int>.Shared.Return(_lengths);
    }

    private static double Support(Interpolation interpolation) => interpolation switch
    {
        Interpolation.Bicubic => 2,
        Interpolation.Bilinear => 1,
        _ => 0.5,
    };

    private static double Weight(Interpolation interpolation, double x)
    {
        const double a = -0.5;
        x = Math.Abs(x);
        return interpolation switch
        {
            Interpolation.Bilinear => x < 1 ? 1 - x : 0,
            Interpolation.Bicubic => x < 1 ? ((a + 2) * x - (a + 3)) * x * x + 1 : x < 2 ? (((x - 5) * x + 8) * x - 4) * a : 0,
            _ => 1,
        };
    }
}
