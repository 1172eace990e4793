namespace OnnxFineTune.Surgery.Serialization;

/// <summary>Recognises other files that are taken for ONNX models, by how they begin.</summary>
internal static class FileFormats
{
    private const string Choose = "give the path of an ONNX model.";
    private const string Export = "export it to ONNX first.";

    private static readonly (int Offset, byte[] Start, string Sentence)[] Known =
    [
        (0, [0xff, 0xd8, 0xff], $"is a JPEG picture, no ONNX model; {Choose}"),
        (0, [0x89, (byte)'P', (byte)'N', (byte)'G'], $"is a PNG picture, no ONNX model; {Choose}"),
        (0, [.. "GIF8"u8], $"is a GIF picture, no ONNX model; {Choose}"),
        (0, [.. "BM"u8], $"is a BMP picture, no ONNX model; {Choose}"),
        (8, [.. "WEBP"u8], $"is a WebP picture, no ONNX model; {Choose}"),
        (0, [.. "%PDF"u8], $"is a PDF document, no ONNX model; {Choose}"),
        (0, [.. "PK\x03\x04"u8], $"is a ZIP archive, as PyTorch and Keras save models, no ONNX model; unpack it, or {Export}"),
        (0, [0x80, 0x02], $"is a Python pickle, as PyTorch saves models, no ONNX model; {Export}"),
        (0, [0x89, (byte)'H', (byte)'D', (byte)'F'], $"is an HDF5 file, as Keras saves models, no ONNX model; {Export}"),
        (4, [.. "TFL3"u8], $"is a TensorFlow Lite model, no ONNX model; {Export}"),
        (4, [.. "ORTM"u8], "is a model in ONNX Runtime's own format, which cannot be edited; use the ONNX model that it was made from."),
        (0, [.. "GGUF"u8], $"is a GGUF model, no ONNX model; {Export}"),
        (8, [.. "{\""u8], $"is a safetensors file, which holds weights without a graph; {Export}"),
        (0, [0x1f, 0x8b], $"is compressed with gzip; unpack it and {Choose}"),
        (0, [.. "version https://git-lfs"u8], "is a Git LFS pointer, not the file itself; fetch it with `git lfs pull`."),
        (0, [.. "<!DOCTYPE"u8], "is a web page, no ONNX model; download the file itself."),
        (0, [.. "<html"u8], "is a web page, no ONNX model; download the file itself."),
    ];

    /// <summary>What the bytes are and what to do, as the end of a sentence; null where they are not recognised.</summary>
    public static string? Describe(ReadOnlySpan<byte> bytes)
    {
        foreach ((int offset, byte[] start, string sentence) in Known)
            if (bytes.Length >= offset + start.Length && bytes.Slice(offset, start.Length).SequenceEqual(start))
                return sentence;
        return IsText(bytes) ? $"is a text file, no ONNX model; {Choose}" : null;
    }

    private static bool IsText(ReadOnlySpan<byte> bytes)
    {
        foreach (byte b in bytes[..Math.Min(bytes.Length, 512)])
            if (b is < 0x20 and not ((byte)'\t' or (byte)'\n' or (byte)'\r' or 0x0c) or 0x7f)
                return false;
        return true;
    }
}
