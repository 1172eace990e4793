using OnnxFineTune.Models;

namespace OnnxFineTune.Surgery.Tests;

[TestClass]
public sealed class FoldConstantsTests
{
    [TestMethod]
    public void WhatDoesNotFollowTheBatchIsComputedOnce()
    {
        Model model = ShapeModels.ShapeArithmetic();
        InferShapes.Run(model);
        Dictionary<string, TensorData> feeds = new() { ["x"] = TensorData.FromFloats([.. Enumerable.Range(0, 5 * 24)], 5, 4, 6) };
        float[] expected = RuntimeSession.RunOnce(model, feeds)["lines"].ToFloats();
        FoldConstants.Run(model);
        CollectionAssert.AreEqual(expected, RuntimeSession.RunOnce(model, feeds)["lines"].ToFloats());
        Assert.AreEqual(1, model.Graph.Nodes.Count(n => n.OpType == "Gather"), "the one that takes the batch from the shape");
        byte[] once = model.ToBytes();
        FoldConstants.Run(model);
        CollectionAssert.AreEqual(once, model.ToBytes());
    }

    [TestMethod]
    public void ParametersStayTrainable()
    {
        Model model = new(new Graph()) { Opset = GraphBuilder.WorkingOpset };
        GraphBuilder b = new(model.Graph);
        Value x = model.Graph.AddInput("x", ElementType.Float, Shape.Of(2, 3));
        Value w = b.Graph.AddInitializer("w", TensorData.FromFloats([1, 2, 3, 4, 5, 6], 2, 3));
        Value scale = b.Sqrt(b.Cast(b.Gather(b.Shape_(x), b.Long(1)), ElementType.Float));
        Value gain = b.Reshape(b.Graph.AddInitializer("gain", TensorData.FromFloats([2], 1)), b.Gather(b.Shape_(x), b.Longs()));
        model.Graph.SetOutputs(b.Mul(b.Div(b.MatMul(x, b.Transpose(w)), scale), gain));
        InferShapes.Run(model);
        FoldConstants.Run(model);
        CollectionAssert.AreEquivalent(new[] { "Transpose", "MatMul", "Div", "Reshape", "Mul" }, model.Graph.Nodes.Select(n => n.OpType).ToArray());
    }
}
