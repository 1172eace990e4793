using OnnxFineTune.Surgery.Serialization.Proto;

namespace OnnxFineTune.Surgery.Tests.Serialization;

/// <summary>Compares messages field by field, unknown fields included.</summary>
internal static class MessageAssert
{
    /// <summary>Fails with the text around the first difference: whole models are too long to print.</summary>
    public static void AreEqual(ModelProto expected, ModelProto actual, string what = "")
    {
        if (expected.Equals(actual))
            return;
        (string left, string right) = (expected.ToString(), actual.ToString());
        int at = left.AsSpan().CommonPrefixLength(right);
        Assert.Fail($"{what} differs, expected: …{Around(left, at)}… actual: …{Around(right, at)}…");
    }

    private static string Around(string text, int at) => text[Math.Max(at - 150, 0)..Math.Min(at + 150, text.Length)];
}
