using OnnxFineTune.Surgery;

namespace OnnxFineTune.Training.Tests;

/// <summary>Every operator of the standard has a rule, is written out in operators that have one, or has a reason for neither.</summary>
[TestClass]
public sealed class OperatorPlaceTests
{
    private static readonly Dictionary<string, string> Neither = new()
    {
        ["reads no real numbers"] = "And BitCast BitShift BitwiseAnd BitwiseNot BitwiseOr BitwiseXor BlackmanWindow Constant ConstantOfShape HammingWindow HannWindow ImageDecoder Not Or RandomNormal "
            + "RandomUniform RegexFullMatch SequenceEmpty StringConcat StringNormalizer StringSplit TfIdfVectorizer Xor",
        ["is followed by what reads the sequence or optional tensor"] = "Optional SequenceConstruct SequenceErase SequenceInsert",
        ["is upgraded to another operator"] = "Scatter Upsample",
        ["has no gradient in PyTorch either, and is an error"] = "Unique",
    };

    [TestMethod]
    public void EveryOperatorHasItsPlace()
    {
        string[] rules = [.. GradientRules.All.Keys], written = [.. WriteOut.Known.Where(k => !k.Contains('.'))];
        string[] places = [.. rules.Concat(written).Concat(Neither.Values.SelectMany(v => v.Split(' '))).Except(NotOfTheStandard)];
        CollectionAssert.AreEqual(places.Distinct().Order(StringComparer.Ordinal).ToArray(), places.Order(StringComparer.Ordinal).ToArray(), "An operator has two places.");
        CollectionAssert.AreEqual(StandardOperator.All.Select(o => o.Name).Order(StringComparer.Ordinal).ToArray(), places.Order(StringComparer.Ordinal).ToArray());
    }

    /// <summary>ONNX Runtime's, in the standard's domain.</summary>
    private static readonly string[] NotOfTheStandard = ["SimplifiedLayerNormalization"];
}
