using OnnxFineTune.Surgery;

namespace OnnxFineTune.Models;

/// <summary>Models that compute in half precision.</summary>
public static class HalfModels
{
    /// <summary>x [2, 3] → y = relu(x · w + 0.5) and z = that cast to float32 and halved; weights of the given type.</summary>
    public static Model MatMul(ElementType type)
    {
        Model model = new(new Graph()) { Opset = GraphBuilder.WorkingOpset };
        GraphBuilder b = new(model.Graph);
        Value x = model.Graph.AddInput("x", type, Shape.Of(2, 3));
        Value w = b.Graph.AddInitializer("w", Narrow(type, [0.5f, -1.25f, 2, 0.75f, -3, 1], 3, 2));
        Value shift = b.ConstantOfShape(b.Longs(2), Narrow(type, [0.5f], 1));
        Value y = b.Relu(b.Add(b.MatMul(x, w), shift));
        model.Graph.Rename(y, "y");
        Value wide = b.Op("Cast", [b.Op("Cast", [y], ("to", type))], ("to", ElementType.Float));
        wide.ElementType = ElementType.Float;
        Value z = b.Mul(wide, b.Scalar(0.5));
        model.Graph.Rename(z, "z");
        model.Graph.SetOutputs(y, z);
        return model;
    }

    /// <summary>A tensor of float16 or bfloat16 numbers, each of which must be exact in that type.</summary>
    public static TensorData Narrow(ElementType type, float[] values, params long[] shape) => TensorData.FromBytes(type, Shape.Of(shape),
        values.SelectMany(v => type == ElementType.Float16 ? BitConverter.GetBytes((Half)v) : BitConverter.GetBytes((ushort)(BitConverter.SingleToUInt32Bits(v) >> 16))).ToArray());
}
