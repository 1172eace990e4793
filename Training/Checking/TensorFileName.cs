using System.Text;

namespace OnnxFineTune.Training;

/// <summary>The names of files that hold one tensor each.</summary>
public static class TensorFileName
{
    /// <summary>What every such name ends in.</summary>
    public const string Extension = ".pb";

    /// <summary>Not allowed in a file name on some system.</summary>
    private const string Forbidden = "/\\:*?\"<>|";

    /// <summary>
    /// The name of a tensor with <see cref="Extension"/> behind it. Characters that some file system does not allow (<c>/ \ : * ? " &lt; > |</c> and control characters) are written as in
    /// web addresses, % and two hexadecimal digits: <c>block/conv.weight</c> is <c>block%2Fconv.weight.pb</c>. A % that two such digits follow is
    /// <c>%25</c>, so that different tensors have different files. All other names stay as they are.
    /// </summary>
    public static string Of(string tensor)
    {
        StringBuilder name = new();
        for (int i = 0; i < tensor.Length; i++)
            if (IsForbidden(tensor, i))
                name.Append($"%{(int)tensor[i]:X2}");
            else
                name.Append(tensor[i]);
        return name.Append(Extension).ToString();
    }

    private static bool IsForbidden(string text, int i) => text[i] < ' ' || text[i] == '\x7F' || Forbidden.Contains(text[i])
        || text[i] == '%' && i + 2 < text.Length && char.IsAsciiHexDigit(text[i + 1]) && char.IsAsciiHexDigit(text[i + 2]);
}
