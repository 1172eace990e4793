using OnnxFineTune.Surgery;

namespace OnnxFineTune.Training;

/// <summary>The operators that the training build of ONNX Runtime 1.19.2 knows, read off that build: each was put to it in a model of its own.</summary>
internal static class RuntimeOperators
{
    /// <summary>Domain of the standard's classical machine learning, all of which the runtime has.</summary>
    public const string MachineLearningDomain = "ai.onnx.ml";

    /// <summary>Standard operators up to operator set 13, and what the runtime adds to their domain.</summary>
    private static readonly HashSet<string> Early = Words("""
        Abs Acos Acosh Add And ArgMax ArgMin Asin Asinh Atan Atanh AveragePool AveragePoolGrad BatchNormalization BitShift Cast Ceil Celu Clip Compress
        Concat ConcatFromSequence Constant ConstantOfShape Conv ConvInteger ConvTranspose Cos Cosh CumSum DepthToSpace DequantizeLinear Det Div Dropout
        DynamicQuantizeLinear Einsum Elu Equal Erf Exp Expand EyeLike Flatten Floor GRU Gather GatherElements GatherND Gemm GlobalAveragePool GlobalLpPool
        GlobalMaxPool Greater GreaterOrEqual HardSigmoid Hardmax Identity If InstanceNormalization IsInf IsNaN LRN LSTM LeakyRelu Less LessOrEqual Log
        LogSoftmax Loop LpNormalization LpPool MatMul MatMulInteger Max MaxPool MaxPoolGrad MaxRoiPool MaxUnpool Mean MeanVarianceNormalization Min Mod Mul
        Multinomial Neg NegativeLogLikelihoodLoss NonMaxSuppression NonZero Not OneHot Or PRelu Pad Pow QLinearConv QLinearMatMul QuantizeLinear RNN
        RandomNormal RandomNormalLike RandomUniform RandomUniformLike Range Reciprocal ReduceL1 ReduceL2 ReduceLogSum ReduceLogSumExp ReduceMax ReduceMean
        ReduceMin ReduceProd ReduceSum ReduceSumSquare Relu Reshape Resize ReverseSequence RoiAlign Round Scan Scatter ScatterElements ScatterND Selu
        SequenceAt SequenceConstruct SequenceEmpty SequenceErase SequenceInsert SequenceLength Shape Shrink Sigmoid Sign SimplifiedLayerNormalization Sin
        Sinh Size Slice Softmax SoftmaxCrossEntropyLoss Softplus Softsign SpaceToDepth Split SplitToSequence Sqrt Squeeze StringNormalizer Sub Sum Tan Tanh
        TfIdfVectorizer ThresholdedRelu Tile TopK Transpose Unique Unsqueeze Upsample Where Xor
        """);

    /// <summary>Standard operators since then, and the operator set that brought them.</summary>
    private static readonly Dictionary<string, int> Late = new()
    {
        ["HardSwish"] = 14, ["Trilu"] = 14, ["Bernoulli"] = 15, ["CastLike"] = 15, ["Optional"] = 15, ["OptionalGetElement"] = 15, ["OptionalHasElement"] = 15,
        ["GridSample"] = 16, ["BlackmanWindow"] = 17, ["DFT"] = 17, ["HammingWindow"] = 17, ["HannWindow"] = 17, ["LayerNormalization"] = 17,
        ["MelWeightMatrix"] = 17, ["STFT"] = 17, ["SequenceMap"] = 17, ["BitwiseAnd"] = 18, ["BitwiseNot"] = 18, ["BitwiseOr"] = 18, ["BitwiseXor"] = 18,
        ["CenterCropPad"] = 18, ["Col2Im"] = 18, ["GroupNormalization"] = 18, ["Mish"] = 18, ["DeformConv"] = 19, ["AffineGrid"] = 20, ["Gelu"] = 20,
        ["ImageDecoder"] = 20, ["RegexFullMatch"] = 20, ["StringConcat"] = 20, ["StringSplit"] = 20,
    };

    /// <summary>Operators of <see cref="ArtifactNames.RuntimeDomain"/>.</summary>
    private static readonly HashSet<string> Own = Words("""
        AdamOptimizer AdamWOptimizer AdasumAllReduce All Attention AttnLSTM BatchNormInternal BatchNormalizationGrad BatchScale BeamSearch BiasAdd
        BiasDropout BiasFastGeluGrad_dX BiasGelu BiasGeluGrad_dX BiasSoftmax BiasSoftmaxDropout BiasSplitGelu BifurcationDetector BitmaskBiasDropout
        BitmaskDropout BitmaskDropoutGrad BroadcastGradientArgs CDist ComplexMul ComplexMulConj ConcatTraining Constant ConvGrad ConvTransposeGrad
        ConvTransposeWithDynamicPads CropAndResize DecoderAttention DecoderMaskedMultiHeadAttention DecoderMaskedSelfAttention DequantizeBFP DequantizeLinear
        DequantizeWithOrder DivGrad DropoutGrad DynamicQuantizeLSTM DynamicQuantizeMatMul DynamicTimeWarping EPContext EmbedLayerNormalization ExpandDims
        FakeQuant FakeQuantGrad FastGelu FastGeluGrad FlattenAndUnpad FusedConv FusedGemm FusedMatMul FusedMatMulActivation GRUGrad GRUTraining
        GatedRelativePositionBias GatherElementsGrad GatherGrad GatherND GatherNDGrad Gelu GeluGrad GemmFastGelu GemmFloat8 GemmaRotaryEmbedding
        GistBinarizeDecoder GistBinarizeEncoder GistPack16Decoder GistPack16Encoder GistPack1Decoder GistPack1Encoder GistPack8Decoder GistPack8Encoder
        GistPackMsfp15Decoder GistPackMsfp15Encoder GreedySearch GridSample Group GroupNorm GroupQueryAttention InPlaceAccumulator InPlaceAccumulatorV2
        InplaceClipGradNorm Inverse InvertibleLayerNormalizationGrad Irfft IsAllFinite IsFinite LSTMGrad LSTMTraining LambOptimizer LayerNormalizationGrad
        LeakyReluGrad LogSoftmaxGrad LogSoftmaxGrad_13 LongformerAttention MatMulBnb4 MatMulFpQ4 MatMulInteger16 MatMulIntegerToFloat MatMulNBits
        MaxpoolWithMask MegatronF MegatronG MixedPrecisionScale MoE MulInteger MultiHeadAttention MurmurHash3 NGramRepeatBlock NcclAllGather NcclAllReduce
        NcclReduceScatter NegativeLogLikelihoodLossInternal NegativeLogLikelihoodLossInternal2 NhwcConv NhwcFusedConv NhwcMaxPool PackedAttention
        PackedMultiHeadAttention Pad PadAndUnflatten PassThrough PythonOp PythonOpGrad QAttention QEmbedLayerNormalization QGemm QLinearAdd
        QLinearAveragePool QLinearConcat QLinearConv QLinearGlobalAveragePool QLinearLeakyRelu QLinearMul QLinearReduceMean QLinearSigmoid QLinearSoftmax
        QLinearWhere QMoE QOrderedAttention QOrderedGelu QOrderedLayerNormalization QOrderedLongformerAttention QOrderedMatMul QuantizeBFP QuantizeLinear
        QuantizeWithOrder QuickGelu QuickGeluGrad Range RecordEvent Recv ReduceAllL2 ReduceSumInteger ReduceSumTraining RelativePositionBias ReluGrad
        RemovePadding ResizeGrad RestorePadding Rfft RotaryEmbedding SGDOptimizer SGDOptimizerV2 SampleOp Sampling Scale ScaledSum Send ShrunkenGather
        SigmoidGrad SimplifiedLayerNormalizationGrad SkipGroupNorm SkipLayerNormalization SkipSimplifiedLayerNormalization SliceGrad Snpe SoftmaxCrossEntropy
        SoftmaxCrossEntropyGrad SoftmaxCrossEntropyLossGrad SoftmaxCrossEntropyLossInternal SoftmaxCrossEntropyLossInternalGrad SoftmaxDropoutGrad
        SoftmaxGrad SoftmaxGrad_13 SparseAttention SparseToDenseMatMul SplitTraining SummaryHistogram SummaryMerge SummaryScalar SummaryText TanhGrad
        Tokenizer TorchEmbedding TransposeMatMul Trilu UnfoldTensor Unique View WaitEvent WhisperBeamSearch WordConvEmbedding YieldOp ZeroGradient
        """);

    /// <summary>Whether the runtime knows an operator in a model of a version of the standard operator set.</summary>
    public static bool Knows(string domain, string opType, long opset) => domain switch
    {
        Model.StandardDomain => Early.Contains(opType) || (Late.TryGetValue(opType, out int since) && since <= opset),
        ArtifactNames.RuntimeDomain => Own.Contains(opType),
        _ => domain == MachineLearningDomain,
    };

    private static HashSet<string> Words(string text) => [.. text.Split([' ', '\n', '\r'], StringSplitOptions.RemoveEmptyEntries)];
}
