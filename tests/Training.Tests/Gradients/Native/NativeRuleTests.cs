using OnnxFineTune.Surgery;

namespace OnnxFineTune.Training.Tests;

/// <summary>Which kernels of the training build are written for which case, and which cases stay in standard operators; that they are right is tested where they run.</summary>
[TestClass]
public sealed class NativeRuleTests
{
    private static readonly (string, object?) Kernel33 = ("kernel_shape", new long[] { 3, 3 }), Strides22 = ("strides", new long[] { 2, 2 });

    /// <summary>A node, whether the batch is free, and the kernels of its gradients with how many outputs each computes.</summary>
    private static IEnumerable<(GradientCase Case, bool Batch, string Kernels)> Cases =>
    [
        (new("Conv", [2, 3, 5, 6], [4, 3, 3, 3], [4]), true, "ConvGrad dX dW dB"),
        (new("Conv", [2, 3, 5, 6], [4, 3, 3, 3]), true, "ConvGrad dX dW"),
        (new("Conv", null, [4, 3, 3, 3], [4]) { Constants = { [0] = Zeros(2, 3, 5, 6) } }, false, "ConvGrad – dW dB"),
        (new("Conv", [2, 3, 5, 6]) { Constants = { [1] = Zeros(4, 3, 3, 3) } }, true, "ConvGrad dX"),
        (new("Conv", [2, 4, 9], [4, 2, 3], [4]) { Attributes = [("group", 2)] }, true, "ConvGrad – dW dB"),
        (new("Conv", [2, 4, 9]) { Constants = { [1] = Zeros(4, 4, 3) } }, true, ""),
        (new("Conv", [2, 2, 4, 5, 4], [3, 2, 2, 3, 2], [3]), true, ""),
        (new("ConvTranspose", [2, 3, 4, 5], [3, 4, 3, 3], [4]) { Attributes = [Strides22, ("output_padding", new long[] { 1, 1 })] }, true, "ConvGrad – dW"),
        (new("ConvTranspose", [2, 3, 4, 5], [3, 4, 3, 3]) { Attributes = [("dilations", new long[] { 2, 2 }), ("output_padding", new long[] { 1, 1 })] }, true, ""),
        (new("ConvTranspose", [2, 3, 4, 5]) { Constants = { [1] = Zeros(3, 4, 3, 3) } }, true, ""),
        (new("MaxPool", [2, 3, 7, 8]) { Attributes = [Kernel33, Strides22] }, true, "MaxPoolGrad"),
        (new("MaxPool", [2, 3, 8, 8]) { Attributes = [("kernel_shape", new long[] { 2, 2 }), Strides22] }, true, ""),
        (new("MaxPool", [2, 3, 7, 8]) { Attributes = [Kernel33, Strides22, ("storage_order", 1)] }, true, ""),
        (new("AveragePool", [2, 3, 7, 8]) { Attributes = [Kernel33, Strides22] }, false, "AveragePoolGrad"),
        (new("AveragePool", [2, 3, 7, 8]) { Attributes = [Kernel33, Strides22] }, true, ""),
        (new("AveragePool", [2, 3, 7, 8]) { Attributes = [Kernel33, Strides22, ("ceil_mode", 1), ("count_include_pad", 1)] }, false, ""),
        (new("AveragePool", [2, 3, 7, 8]) { Attributes = [Kernel33, ("dilations", new long[] { 2, 2 })] }, false, ""),
        (new("AveragePool", [2, 2, 5, 5, 5]) { Attributes = [("kernel_shape", new long[] { 2, 2, 2 })] }, false, ""),
        (new("LayerNormalization", [2, 3, 6], [6], [6]), true, "LayerNormalizationGrad dX dScale dB"),
        (new("LayerNormalization", [2, 3, 6], [1], [6]), true, ""),
        (new("LayerNormalization", [2, 3, 6], [6], [1]), true, ""),
        (new("LayerNormalization", [2, 3, 1], [1], [1]), true, ""),
        (new("BatchNormalization", [4, 3, 3, 2], [3], [3]) { Constants = Statistics, Outputs = 3, Unused = [1, 2], Attributes = [("training_mode", 1)] }, true, "BatchNormInternal, BatchNormalizationGrad dX dScale dB"),
        (new("BatchNormalization", [4, 3, 3, 2], [3], [3]) { Constants = Statistics }, true, ""),
        (new("Softmax", [2, 3]), true, "SoftmaxGrad_13"),
        (new("LogSoftmax", [2, 3]), true, "LogSoftmaxGrad_13"),
        (new("Relu", [2, 3]), true, "ReluGrad"),
        (new("LeakyRelu", [2, 3]), true, "LeakyReluGrad"),
        (new("Sigmoid", [2, 3]), true, "SigmoidGrad"),
        (new("Tanh", [2, 3]), true, "TanhGrad"),
        (new("Gelu", [2, 3]), true, "GeluGrad"),
        (new("Gelu", [2, 3]) { Attributes = [("approximate", "tanh")] }, true, ""),
        (new("GatherElements", [3, 4]) { Constants = { [1] = TensorData.FromLongs([0, 2, 2, 1], 1, 4) } }, false, "GatherElementsGrad"),
        (new("TopK", [3, 5]) { Constants = { [1] = TensorData.Vector(2) }, Outputs = 2 }, true, "GatherElementsGrad"),
        (Slice(start: 1, end: 7, step: 2), true, "SliceGrad"),
        (Slice(start: 1, end: 7, step: 1), true, ""),
        (Slice(start: 7, end: 1, step: -2), true, ""),
        (new("Slice", [2, 9]) { Computed = { [1] = TensorData.Vector(1), [2] = TensorData.Vector(7) }, Constants = { [3] = TensorData.Vector(1) } }, true, "SliceGrad"),
        (new("Slice", [2, 9]) { Computed = { [4] = TensorData.Vector(1) }, Constants = { [1] = TensorData.Vector(1), [2] = TensorData.Vector(7), [3] = TensorData.Vector(1) } }, true, ""),
        (new("Gather", [4, 3]) { Constants = { [1] = TensorData.Vector(0, 2) } }, true, ""),
    ];

    public static IEnumerable<object[]> Rows => Cases.Select((c, i) => new object[] { i, c.Case.ToString(), c.Batch, c.Kernels });

    [TestMethod, DynamicData(nameof(Rows))]
    public void KernelsAreWrittenWhereTheyCanDoTheCase(int index, string row, bool batch, string kernels) =>
        Assert.AreEqual(kernels, Kernels(CaseModel.Backward(Cases.ElementAt(index).Case, ElementType.Float, batch, GradientKernels.OrtTraining)), row);

    [TestMethod]
    public void EveryRuleHasACaseWithItsKernel() => CollectionAssert.AreEquivalent(
        GradientRules.Native.Keys.ToArray(), Cases.Where(c => c.Kernels.Length > 0).Select(c => c.Case.Operator).Distinct().ToArray());

    [TestMethod]
    public void EveryRuleStandsBeforeAStandardOne() => CollectionAssert.IsSubsetOf(GradientRules.Native.Keys.ToArray(), GradientRules.All.Keys.ToArray());

    [TestMethod]
    public void OtherPrecisionsStayInStandardOperators() =>
        Assert.AreEqual("", Kernels(CaseModel.Backward(new("Relu", [2, 3]), ElementType.Double, batch: false, GradientKernels.OrtTraining)));

    [TestMethod]
    public void AMaxPoolComputesItsIndicesOnce()
    {
        Model model = CaseModel.Backward(new("MaxPool", [2, 3, 7, 8]) { Attributes = [Kernel33, Strides22] }, ElementType.Float, batch: true, GradientKernels.OrtTraining).Model;
        Node pool = model.Graph.Nodes.Single(n => n.OpType == "MaxPool"), gradient = model.Graph.Nodes.Single(n => n.OpType == "MaxPoolGrad");
        Assert.AreSame(pool.Outputs[1], gradient.Inputs[1]);
        Assert.AreEqual((ElementType.Int64, ElementType.Float), (pool.Outputs[1]!.ElementType, gradient.Outputs[0]!.ElementType));
        using TemporaryFolder folder = new();
        model.Save(folder.File("model.onnx"));
        Value written = Model.Load(folder.File("model.onnx")).Graph.Get(gradient.Outputs[0]!.Name);
        CollectionAssert.AreEqual(new Dimension[] { 3, 7, 8 }, written.Shape!.Skip(1).ToArray(), "the kernel reads the sizes from the file");
    }

    /// <summary>For example <c>ConvGrad – dW dB</c>: the operator, and what it computes where it can leave something out.</summary>
    private static string Kernels(CaseModel model)
    {
        IEnumerable<Node> kernels = model.Model.Graph.Nodes.Where(n => n.Domain == ArtifactNames.RuntimeDomain || n.OpType.EndsWith("PoolGrad", StringComparison.Ordinal));
        return string.Join(", ", kernels.Select(n => string.Join(" ", [n.OpType, .. n.OpType is "ConvGrad" ? Computed(n, "dX", "dW", "dB") : n.OpType.EndsWith("NormalizationGrad", StringComparison.Ordinal) ? Computed(n, "dX", "dScale", "dB") : []])));
    }

    private static string[] Computed(Node node, params string[] names) => [.. node.Outputs.Select((o, i) => o is null ? "–" : names[i])];

    private static GradientCase Slice(long start, long end, long step) => new("Slice", [2, 9])
    {
        Constants = { [1] = TensorData.Vector(start), [2] = TensorData.Vector(end), [3] = TensorData.Vector(1), [4] = TensorData.Vector(step) },
    };

    private static Dictionary<int, TensorData> Statistics => new() { [3] = Zeros(3), [4] = TensorData.FromFloats([1, 1, 1], 3) };

    private static TensorData Zeros(params long[] shape) => TensorData.FromFloats(new float[shape.Aggregate(1L, (a, b) => a * b)], shape);
}
