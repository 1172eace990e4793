using OnnxFineTune.Surgery;

namespace OnnxFineTune.Models;

/// <summary>Models that say the same in the different ways that exporters have.</summary>
public static class SpellingModels
{
    /// <summary>x [2, 3]: constants as nodes in each spelling, biases shared through Identity, an Identity before the output.</summary>
    public static Model ConstantsAndIdentities()
    {
        Model model = new(new Graph()) { Opset = GraphBuilder.WorkingOpset, IrVersion = 3 };
        GraphBuilder b = new(model.Graph);
        Value x = model.Graph.AddInput("x", ElementType.Float, Shape.Of(2, 3));
        Value bias = b.Graph.AddInitializer("bias", TensorData.FromFloats([1, 2, 3], 3));
        b.Graph.AddInput(bias);
        Value shared = b.Identity(b.Identity(bias));
        Value y = b.Mul(b.Add(x, bias), b.Op("Constant", [], ("value", TensorData.FromFloats([4, 5, 6], 3))));
        y = b.Add(y, b.Op("Constant", [], ("value_floats", new[] { 0.5f, 0.25f, 0.125f })));
        y = b.Mul(b.Add(y, shared), b.Op("Constant", [], ("value_float", 2f)));
        Value axes = b.Op("Constant", [], ("value_ints", new[] { 1L }));
        axes.ElementType = ElementType.Int64;
        Value sum = b.Op("ReduceSum", [y, axes], ("keepdims", 0));
        Value index = b.Op("Constant", [], ("value_int", 1L));
        Value row = b.Gather(y, index);
        Value result = b.Identity(b.Add(sum, b.ReduceMax(row, [], keepDims: false)));
        model.Graph.Rename(result, "result");
        Value direct = b.Identity(x);
        model.Graph.Rename(direct, "direct");
        model.Graph.SetOutputs(result, direct);
        return model;
    }
}
