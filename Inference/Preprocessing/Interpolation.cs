namespace OnnxFineTune.Inference;

/// <summary>How pixels between pixels are computed. The results are those of Pillow, to the last bit.</summary>
public enum Interpolation
{
    /// <summary>Triangle filter, widened when shrinking so that every source pixel counts (antialiasing).</summary>
    Bilinear,

    /// <summary>Cubic filter with a = −0.5 (Keys 1981), widened when shrinking.</summary>
    Bicubic,

    /// <summary>The nearest pixel.</summary>
    Nearest,
}
