namespace OnnxFineTune.Inference;

/// <summary>Turns picture files into pixels. Implementations are safe from several threads.</summary>
public interface IImageDecoder
{
    /// <summary>Decodes one picture, upright.</summary>
    /// <param name="file">The whole file.</param>
    /// <param name="enoughWidth">
    /// A decoder that is faster at reduced size may return a smaller picture, as long as its width is at least this and its height at least
    /// <paramref name="enoughHeight"/>; the full size by default.
    /// </param>
    /// <param name="enoughHeight">See <paramref name="enoughWidth"/>.</param>
    /// <exception cref="ImageFormatException">The file is no picture, is damaged, or is too large.</exception>
    DecodedImage Decode(ReadOnlyMemory<byte> file, int enoughWidth = int.MaxValue, int enoughHeight = int.MaxValue);
}
