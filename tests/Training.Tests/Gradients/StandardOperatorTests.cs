using OnnxFineTune.Surgery;

namespace OnnxFineTune.Training.Tests;

/// <summary>Every operator of the standard, up to operator set 26, has a rule, is written out in operators that have one, or has a reason for neither.</summary>
[TestClass]
public sealed class StandardOperatorTests
{
    private const string All =
        "Abs Acos Acosh Add AffineGrid And ArgMax ArgMin Asin Asinh Atan Atanh Attention AveragePool BatchNormalization Bernoulli BitCast BitShift BitwiseAnd BitwiseNot BitwiseOr BitwiseXor " +
        "BlackmanWindow Cast CastLike Ceil Celu CenterCropPad Clip Col2Im Compress Concat ConcatFromSequence Constant ConstantOfShape Conv ConvInteger ConvTranspose Cos Cosh CumProd CumSum DFT " +
        "DeformConv DepthToSpace DequantizeLinear Det Div Dropout DynamicQuantizeLinear Einsum Elu Equal Erf Exp Expand EyeLike Flatten Floor GRU Gather GatherElements GatherND Gelu Gemm " +
        "GlobalAveragePool GlobalLpPool GlobalMaxPool Greater GreaterOrEqual GridSample GroupNormalization HammingWindow HannWindow HardSigmoid HardSwish Hardmax Identity If ImageDecoder " +
        "InstanceNormalization IsInf IsNaN LRN LSTM LayerNormalization LeakyRelu Less LessOrEqual Log LogSoftmax Loop LpNormalization LpPool MatMul MatMulInteger Max MaxPool MaxRoiPool MaxUnpool " +
        "Mean MeanVarianceNormalization MelWeightMatrix Min Mish Mod Mul Multinomial Neg NegativeLogLikelihoodLoss NonMaxSuppression NonZero Not OneHot Optional OptionalGetElement " +
        "OptionalHasElement Or PRelu Pad Pow QLinearConv QLinearMatMul QuantizeLinear RMSNormalization RNN RandomNormal RandomNormalLike RandomUniform RandomUniformLike Range Reciprocal ReduceL1 " +
        "ReduceL2 ReduceLogSum ReduceLogSumExp ReduceMax ReduceMean ReduceMin ReduceProd ReduceSum ReduceSumSquare RegexFullMatch Relu Reshape Resize ReverseSequence RoiAlign RotaryEmbedding Round " +
        "STFT Scan Scatter ScatterElements ScatterND Selu SequenceAt SequenceConstruct SequenceEmpty SequenceErase SequenceInsert SequenceLength SequenceMap Shape Shrink Sigmoid Sign Sin Sinh Size " +
        "Slice Softmax SoftmaxCrossEntropyLoss Softplus Softsign SpaceToDepth Split SplitToSequence Sqrt Squeeze StringConcat StringNormalizer StringSplit Sub Sum Swish Tan Tanh TensorScatter " +
        "TfIdfVectorizer ThresholdedRelu Tile TopK Transpose Trilu Unique Unsqueeze Upsample Where Xor";

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
        CollectionAssert.AreEqual(All.Split(' '), places.Order(StringComparer.Ordinal).ToArray());
    }

    /// <summary>ONNX Runtime's, in the standard's domain.</summary>
    private static readonly string[] NotOfTheStandard = ["SimplifiedLayerNormalization"];
}
