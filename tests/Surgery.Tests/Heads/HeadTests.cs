using OnnxFineTune.Models;

namespace OnnxFineTune.Surgery.Tests;

[TestClass]
public sealed class HeadTests
{
    /// <summary>Layers that lead to features of a certain layout; the input is [N, 3, 4, 4].</summary>
    private static readonly Dictionary<string, (Func<GraphBuilder, Value, Value> Layers, string Shape, int[] PooledAxes)> Layouts = new()
    {
        ["vector"] = ((b, x) => b.ReduceMean(x, [2, 3], keepDims: false), "[N, 3]", []),
        ["maps"] = ((b, x) => b.Relu(b.Conv(x, W(b, 5, 3, 1, 1))), "[N, 5, 4, 4]", [2, 3]),
        ["maps of unknown origin"] = ((b, x) => x, "[N, 3, 4, 4]", [2, 3]),
        ["maps, channels last"] = ((b, x) => b.Tanh(b.MatMul(b.Transpose(x, 0, 2, 3, 1), W(b, 3, 5))), "[N, 4, 4, 5]", [1, 2]),
        ["maps, channels last, from a convolution"] = ((b, x) => b.Transpose(b.Conv(x, W(b, 5, 3, 1, 1)), 0, 2, 3, 1), "[N, 4, 4, 5]", [1, 2]),
        ["maps, channels first again"] = ((b, x) => b.Relu(b.Transpose(b.MatMul(b.Transpose(x, 0, 2, 3, 1), W(b, 3, 5)), 0, 3, 1, 2)), "[N, 5, 4, 4]", [2, 3]),
        ["tokens"] = ((b, x) => b.MatMul(b.Transpose(b.Reshape(x, 0, 3, 16), 0, 2, 1), W(b, 3, 5)), "[N, 16, 5]", [1]),
        ["tokens of unknown origin"] = ((b, x) => b.Reshape(x, 0, 16, 3), "[N, 16, 3]", [1]),
        ["sequence from a convolution"] = ((b, x) => b.Conv(b.Reshape(x, 0, 3, 16), W(b, 5, 3, 1)), "[N, 5, 16]", [2]),
    };

    public static IEnumerable<object[]> LayoutRows => Layouts.Keys.Select(k => new object[] { k });

    [TestMethod, DynamicData(nameof(LayoutRows))]
    public void ALinearHeadIsALinearLayerOnPooledFeatures(string layout)
    {
        Model body = Body(layout);
        Assert.AreEqual(Layouts[layout].Shape.Replace("N", "batch"), body.ToWorkingForm().Graph.Outputs[0].Shape!.ToString());
        Model model = body.Edit().Attach(new LinearHead(2) { Dropout = 0.3f, Seed = 7 }).Build();
        TensorData features = Run(body), logits = Run(model);

        double[][] pooled = Pool(features, Layouts[layout].PooledAxes);
        float[] weight = model.Graph.Get("head.weight").Data!.ToFloats(), bias = model.Graph.Get("head.bias").Data!.ToFloats();
        float[] expected = [.. from row in pooled from c in Enumerable.Range(0, 2) select (float)(bias[c] + row.Select((v, i) => v * weight[c * row.Length + i]).Sum())];
        Assert.AreEqual("[2, 2]", logits.Shape.ToString());
        AssertNear(expected, logits.ToFloats());
    }

    [TestMethod]
    [DataRow(Activation.Relu, 0.5f, 0.5f), DataRow(Activation.Relu, -0.5f, 0f)]
    [DataRow(Activation.Gelu, 1f, 0.841344746f), DataRow(Activation.Gelu, -0.5f, -0.154268770f)]
    [DataRow(Activation.HardSwish, 1f, 0.666666667f), DataRow(Activation.HardSwish, -4f, 0f)]
    [DataRow(Activation.Tanh, 0.5f, 0.462117157f), DataRow(Activation.Sigmoid, 0.5f, 0.622459331f)]
    public void ActivationsHaveTheirTextbookValues(Activation activation, float x, float expected)
    {
        Graph graph = new();
        Value input = graph.AddInput("x", ElementType.Float, Shape.Of(1));
        graph.SetOutputs(new HeadBuilder(graph).Activate(input, activation));
        Model model = new(graph) { Opset = GraphBuilder.WorkingOpset };
        float actual = RuntimeSession.RunOnce(model, new Dictionary<string, TensorData> { ["x"] = TensorData.FromFloats([x], 1) }).Values.Single().ToFloats()[0];
        Assert.AreEqual(expected, actual, 1e-6);
    }

    [TestMethod]
    public void AnMlpHeadIsLinearLayersWithActivationsBetween()
    {
        Model body = Body("maps");
        Model model = body.Edit().Attach(new MlpHead(2, 4, 3) { Activation = Activation.Tanh, Dropout = 0.1f }).Build();
        double[][] x = Pool(Run(body), [2, 3]);
        for (int layer = 0; layer < 3; layer++)
        {
            float[] weight = model.Graph.Get($"head.{layer}.weight").Data!.ToFloats(), bias = model.Graph.Get($"head.{layer}.bias").Data!.ToFloats();
            int last = layer;
            x = [.. x.Select(row => bias.Select((b, c) => b + row.Select((v, i) => v * weight[c * row.Length + i]).Sum()).Select(v => last < 2 ? Math.Tanh(v) : v).ToArray())];
        }
        AssertNear([.. x.SelectMany(r => r).Select(v => (float)v)], Run(model).ToFloats());
        Assert.AreEqual(3, model.Graph.Nodes.Count(n => n.OpType == "Dropout" && n.Input(2) is null));
    }

    [TestMethod, DataRow("maps"), DataRow("maps, channels last")]
    public void AConvHeadAveragesAMapPerClass(string layout)
    {
        Model body = Body(layout);
        Model model = body.Edit().Attach(new ConvHead(2) { Dropout = 0.3f }).Build();
        // The mean of a linear map is the linear map of the mean.
        double[][] pooled = Pool(Run(body), Layouts[layout].PooledAxes);
        float[] weight = model.Graph.Get("head.weight").Data!.ToFloats(), bias = model.Graph.Get("head.bias").Data!.ToFloats();
        AssertNear([.. from row in pooled from c in Enumerable.Range(0, 2) select (float)(bias[c] + row.Select((v, i) => v * weight[c * row.Length + i]).Sum())], Run(model).ToFloats());
        Assert.AreEqual("[batch, 2]", model.Graph.Outputs[0].Shape!.ToString());
    }

    private static readonly Dictionary<string, (IHead Head, string Layout, string Message)> Mistakes = new()
    {
        ["no classes"] = (new LinearHead(0), "vector", "A head with 0 classes is not possible"),
        ["empty hidden layer"] = (new MlpHead(2, 4, 0), "vector", "0 units in a hidden layer"),
        ["dropout of everything"] = (new LinearHead(2) { Dropout = 1 }, "vector", "A dropout of 1 is not possible"),
        ["dropout not a number"] = (new ConvHead(2) { Dropout = float.NaN }, "maps", "A dropout of NaN is not possible"),
        ["convolution on a vector"] = (new ConvHead(2), "vector", "Cut earlier, or attach a linear head."),
        ["convolution on tokens"] = (new ConvHead(2), "tokens", "needs features [N, C, H, W]"),
    };

    public static IEnumerable<object[]> MistakeRows => Mistakes.Keys.Select(k => new object[] { k });

    [TestMethod, DynamicData(nameof(MistakeRows))]
    public void AHeadThatDoesNotFitIsAnError(string mistake)
    {
        ModelEditor editor = Body(Mistakes[mistake].Layout).Edit();
        StringAssert.Contains(Assert.ThrowsExactly<GraphException>(() => editor.Attach(Mistakes[mistake].Head)).Message, Mistakes[mistake].Message);
    }

    [TestMethod]
    public void OtherRanksAreFlattened()
    {
        Graph graph = new();
        HeadBuilder b = new(graph);
        Value vector = b.Vector(graph.AddInput("x", ElementType.Float, new Shape(Dimension.Named("N"), 2, 3, 4, 5)));
        Assert.AreEqual("[N, 120]", vector.Shape!.ToString());
        Assert.AreEqual("Flatten", vector.Producer!.OpType);
    }

    private static Model Body(string layout)
    {
        Graph graph = new();
        GraphBuilder b = new(graph);
        Value x = graph.AddInput("x", ElementType.Float, new Shape(Dimension.Named("N"), 3, 4, 4));
        graph.SetOutputs(b.Sigmoid(Layouts[layout].Layers(b, b.Mul(x, b.Scalar(4)))));
        return new Model(graph) { Opset = GraphBuilder.WorkingOpset };
    }

    private static TensorData Run(Model model) =>
        RuntimeSession.RunOnce(model, new Dictionary<string, TensorData> { ["x"] = ClassifierModels.Numbers(2, 3, 4, 4) }).Values.Single();

    /// <summary>Means over some axes, in double precision: a row per example.</summary>
    private static double[][] Pool(TensorData features, int[] axes)
    {
        long[] shape = features.Shape.ToArray();
        int[] kept = [.. Enumerable.Range(1, shape.Length - 1).Except(axes)];
        long channels = kept.Aggregate(1L, (p, a) => p * shape[a]), positions = features.Count / shape[0] / channels;
        double[][] rows = [.. Enumerable.Range(0, (int)shape[0]).Select(_ => new double[channels])];
        float[] values = features.ToFloats();
        for (long i = 0; i < values.Length; i++)
        {
            long channel = kept.Aggregate(0L, (c, a) => c * shape[a] + i / Stride(a) % shape[a]);
            rows[i / Stride(0)][channel] += values[i] / (double)positions;
        }
        return rows;

        long Stride(int axis) => shape[(axis + 1)..].Aggregate(1L, (p, d) => p * d);
    }

    private static void AssertNear(float[] expected, float[] actual)
    {
        Assert.AreEqual(expected.Length, actual.Length);
        for (int i = 0; i < expected.Length; i++)
            Assert.AreEqual(expected[i], actual[i], 2e-6);
    }

    private static Value W(GraphBuilder b, params long[] shape) => b.Graph.AddInitializer("w", ClassifierModels.Numbers(shape));
}
