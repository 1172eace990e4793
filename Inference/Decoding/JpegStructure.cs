using System.Buffers.Binary;

namespace OnnxFineTune.Inference;

/// <summary>Looks at the segments of JPEG files (ITU-T T.81, annex B).</summary>
internal static class JpegStructure
{
    private const byte Marker = 0xFF, StartOfScan = 0xDA, EndOfImage = 0xD9;

    /// <summary>
    /// Whether a progressive JPEG ends before its last scan does. Skia gives a blurred picture then and no error; of baseline JPEGs it notices the
    /// missing rows by itself.
    /// </summary>
    public static bool IsTruncatedProgressive(ReadOnlySpan<byte> file)
    {
        bool progressive = false;
        int at = 2;
        while (at + 4 <= file.Length && file[at] == Marker && file[at + 1] != StartOfScan)
        {
            // Start of frame 2, 6, 10 and 14 are the progressive ones; a marker may be preceded by any number of fill bytes.
            progressive |= file[at + 1] is 0xC2 or 0xC6 or 0xCA or 0xCE;
            at += file[at + 1] == Marker ? 1 : 2 + BinaryPrimitives.ReadUInt16BigEndian(file[(at + 2)..]);
        }
        return progressive && (at >= file.Length || file[at..].LastIndexOf([Marker, EndOfImage]) < 0);
    }
}
