using OnnxFineTune.Surgery;

namespace OnnxFineTune.Inference.Tests;

[TestClass]
public sealed class ModelPreprocessingTests
{
    private static readonly Dimension Any = Dimension.Named("N");

    public static IEnumerable<object[]> Inputs =>
    [
        [new Shape(Any, 3, 64, 96), ImagePreprocessing.ImageNet.WithSize(96, 64)],
        [new Shape(1, 3, Any, Any), ImagePreprocessing.ImageNet],
        [new Shape(Any, 64, 96, 3), ImagePreprocessing.ImageNet.WithSize(96, 64) with { Layout = TensorLayout.Nhwc }],
        [new Shape(Any, Any, Any, 3), ImagePreprocessing.ImageNet with { Layout = TensorLayout.Nhwc }],
        [new Shape(Any, 1, 28, 28), ImagePreprocessing.ImageNet.WithSize(28, 28).WithGrey()],
        [new Shape(Any, 28, 28, 1), ImagePreprocessing.ImageNet.WithSize(28, 28).WithGrey() with { Layout = TensorLayout.Nhwc }],
    ];

    [TestMethod, DynamicData(nameof(Inputs))]
    public void FollowsTheModelsInput(Shape shape, ImagePreprocessing expected) => Assert.AreEqual(expected, ImagePreprocessing.For(WithInputs(shape)));

    [TestMethod]
    public void GreyAveragesTheChannels()
    {
        ImagePreprocessing grey = ImagePreprocessing.ImageNet.WithGrey();
        Assert.AreEqual(0.449f, grey.Mean.Single(), 1e-6f);
        Assert.AreEqual(0.226f, grey.Std.Single(), 1e-6f);
    }

    [TestMethod]
    public void APresetGetsTheModelsSize() =>
        Assert.AreEqual(ImagePreprocessing.Caffe.WithSize(96, 64), ImagePreprocessing.For(WithInputs(new Shape(Any, 3, 64, 96)), ImagePreprocessing.Caffe));

    [TestMethod]
    public void StoredPreprocessingAndLabelsTravelInTheFile()
    {
        Model model = WithInputs(new Shape(Any, 3, Any, Any));
        ImagePreprocessing stored = ImagePreprocessing.Caffe.WithSize(32, 32) with { ResizeMode = ResizeMode.CenterCrop, CropFraction = 0.875f };
        model.SetPreprocessing(stored);
        model.SetLabels(["cat", "dög \"x\""]);
        Model read = Model.Parse(model.ToBytes());
        Assert.AreEqual(stored, read.GetPreprocessing());
        Assert.AreEqual(stored, ImagePreprocessing.For(read));
        CollectionAssert.AreEqual((string[])["cat", "dög \"x\""], read.GetLabels()!.ToArray());
    }

    [TestMethod]
    public void AModelWithoutMetadataHasNeither()
    {
        Model model = WithInputs(new Shape(Any, 3, 8, 8));
        Assert.IsNull(model.GetPreprocessing());
        Assert.IsNull(model.GetLabels());
    }

    [TestMethod]
    [DataRow("""{"a":1}""")]
    [DataRow("""["a",null]""")]
    [DataRow("null")]
    public void LabelsThatAreNoListOfTextsAreRefused(string json)
    {
        Model model = WithInputs(new Shape(Any, 3, 8, 8));
        model.Metadata[ImageModelMetadata.LabelsKey] = json;
        StringAssert.Contains(Assert.ThrowsExactly<GraphException>(() => model.GetLabels()).Message, ImageModelMetadata.LabelsKey);
    }

    [TestMethod]
    public void StoredPreprocessingOfAnotherSizeIsRefused()
    {
        Model model = WithInputs(new Shape(Any, 3, 64, 64));
        model.SetPreprocessing(ImagePreprocessing.Caffe.WithSize(32, 32));
        StringAssert.Contains(Assert.ThrowsExactly<GraphException>(() => ImagePreprocessing.For(model)).Message, "[N, 3, 32, 32]");
    }

    [TestMethod]
    public void GreyForAColourModelIsRefused() => StringAssert.Contains(
        Assert.ThrowsExactly<GraphException>(() => ImagePreprocessing.For(WithInputs(new Shape(Any, 3, 8, 8)), ImagePreprocessing.Caffe.WithGrey())).Message, "colours");

    [TestMethod]
    public void AModelWithoutImageInputIsNamedWithItsInputs()
    {
        string message = Assert.ThrowsExactly<GraphException>(() => ImagePreprocessing.For(WithInputs(new Shape(Any, 128)))).Message;
        StringAssert.Contains(message, "input0: Float [N, 128]");
        message = Assert.ThrowsExactly<GraphException>(() => ImagePreprocessing.For(WithInputs(new Shape(1, 3, 8, 8), new Shape(1, 3, 8, 8)))).Message;
        StringAssert.Contains(message, "input1: Float [1, 3, 8, 8]");
        StringAssert.Contains(Assert.ThrowsExactly<GraphException>(() => ImagePreprocessing.For(WithInputs())).Message, "none");
    }

    [TestMethod]
    public void InitializersThatAreAlsoInputsAreNotAskedFor()
    {
        Model model = WithInputs(new Shape(Any, 3, 8, 8));
        Value weight = model.Graph.AddInitializer("w", TensorData.FromFloats(new float[3 * 3 * 8 * 8], 3, 3, 8, 8));
        model.Graph.AddInput(weight);
        Assert.AreEqual(8, ImagePreprocessing.For(model).Width);
    }

    private static Model WithInputs(params Shape[] shapes)
    {
        Model model = new(new Graph()) { Opset = GraphBuilder.WorkingOpset };
        for (int i = 0; i < shapes.Length; i++)
            model.Graph.AddInput($"input{i}", ElementType.Float, shapes[i]);
        return model;
    }
}
