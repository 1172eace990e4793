using OnnxFineTune.Models;

namespace OnnxFineTune.Surgery.Tests;

/// <summary>Weights that get no adapter beside one that does: each is named with the reason, and the model computes what it did.</summary>
[TestClass]
public sealed class LoraRefusalTests
{
    private static readonly Dictionary<string, (string Reason, Func<GraphBuilder, Value, Value> Build)> Cases = new()
    {
        ["a depthwise convolution"] = ("an adapter of rank 2 would hold as many numbers as the weight itself",
            (b, x) => b.Flatten(b.Conv(b.Reshape(x, -1, 6, 1, 1), Weight(b, 6, 1, 3, 3), null, pads: [1, 1, 1, 1], group: 6))),
        ["a table that is a weight too"] = ("Gather 'table' reads it too, in another way", (b, x) =>
        {
            Value weight = Weight(b, 6, 6);
            Value row = b.Gather(weight, b.Long(2));
            row.Producer!.Name = "table";
            return b.Add(b.MatMul(x, weight), row);
        }),
        ["a weight in both orders"] = ("it is read both as it is and transposed", (b, x) =>
        {
            Value weight = Weight(b, 6, 6);
            return b.MatMul(b.MatMul(x, weight), b.Transpose(weight, 1, 0));
        }),
        ["a stack of matrices"] = ("it is no matrix but [3, 6, 6]", (b, x) => b.ReduceMean(b.MatMul(x, Weight(b, 3, 6, 6)), [0], keepDims: false)),
        ["a weight that is computed"] = ("Mul 'scaled' computes it of other weights", (b, x) =>
        {
            Value scaled = b.Mul(b.Graph.AddInitializer("factor", ClassifierModels.Numbers(6, 6)), b.Graph.AddInitializer("gain", ClassifierModels.Numbers(6, 6)));
            scaled.Producer!.Name = "scaled";
            b.Graph.Rename(scaled, "w");
            return b.MatMul(x, scaled);
        }),
        ["a quantized weight"] = ("it is quantized", (b, x) =>
        {
            Value stored = b.Graph.AddInitializer("w", TensorData.FromBytes(ElementType.Int8, Shape.Of(6, 6), new byte[36].Select((_, i) => (byte)i).ToArray()));
            Value weight = b.Op("DequantizeLinear", [stored, b.Scalar(0.1)]);
            weight.ElementType = ElementType.Float;
            return b.MatMul(x, weight);
        }),
        ["a quantized product"] = ("it is quantized", (b, x) =>
        {
            Node quantized = b.Node("DynamicQuantizeLinear", [x], 3);
            quantized.Outputs[0]!.ElementType = ElementType.UInt8;
            Value stored = b.Graph.AddInitializer("w", TensorData.FromBytes(ElementType.Int8, Shape.Of(6, 6), new byte[36].Select((_, i) => (byte)i).ToArray()));
            Value product = b.Op("MatMulInteger", [quantized.Outputs[0], stored]);
            product.ElementType = ElementType.Int32;
            Value sum = b.Op("Cast", [product], ("to", ElementType.Float));
            sum.ElementType = ElementType.Float;
            return b.Mul(sum, b.Scalar(0.01));
        }),
    };

    public static IEnumerable<object[]> Rows => Cases.Keys.Select(c => new object[] { c });

    [TestMethod, DynamicData(nameof(Rows))]
    public void ItIsLeftOutWithAWarning(string name)
    {
        Model original = Build(name, withOther: true);
        LoraAttachment attached = new Lora { Rank = 2 }.Attach(original);
        CollectionAssert.AreEqual((string[])["other"], attached.Weights.ToArray());
        StringAssert.Contains(attached.Warnings.Single(), $"'w' gets no adapter: {Cases[name].Reason}");
        CollectionAssert.AreEqual(original.Output(), attached.Model.Output());
        Model trained = attached.Model.Trained();
        Assert.IsLessThan(1e-5f, AdapterRun.Difference(trained.Output(), trained.MergeAdapters().Output()));
    }

    [TestMethod, DynamicData(nameof(Rows))]
    public void AloneItIsAnError(string name)
    {
        string message = Assert.ThrowsExactly<GraphException>(() => new Lora { Rank = 2 }.Attach(Build(name, withOther: false))).Message;
        StringAssert.StartsWith(message, "No weight can have an adapter of rank 2.");
        StringAssert.Contains(message, Cases[name].Reason);
    }


    /// <summary>x [N, 6] → the case → y, with a layer of the weight <c>other</c> in front or not.</summary>
    private static Model Build(string name, bool withOther)
    {
        Graph graph = new();
        GraphBuilder b = new(graph);
        Value x = graph.AddInput("x", ElementType.Float, new Shape(Dimension.Named("N"), 6));
        Value data = withOther ? b.MatMul(x, graph.AddInitializer("other", ClassifierModels.Numbers(6, 6))) : x;
        Value y = Cases[name].Build(b, data);
        graph.Rename(y, "y");
        graph.SetOutputs(y);
        return new Model(graph) { Opset = GraphBuilder.WorkingOpset };
    }

    private static Value Weight(GraphBuilder b, params long[] shape) => b.Graph.AddInitializer("w", ClassifierModels.Numbers(shape));
}
