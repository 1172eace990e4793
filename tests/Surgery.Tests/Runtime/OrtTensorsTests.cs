using Microsoft.ML.OnnxRuntime;

namespace OnnxFineTune.Surgery.Tests.Runtime;

[TestClass]
public sealed class OrtTensorsTests
{
    /// <summary>All types but complex numbers, which ONNX Runtime does not have.</summary>
    public static IEnumerable<object[]> Types => Enum.GetValues<ElementType>()
        .Except([ElementType.Undefined, ElementType.String, ElementType.Complex64, ElementType.Complex128]).Select(t => new object[] { t });

    [TestMethod, DynamicData(nameof(Types))]
    public void EveryTypeComesBack(ElementType type)
    {
        byte[] bytes = [.. Enumerable.Range(0, (15 * type.BitWidth() + 7) / 8).Select(i => (byte)(type == ElementType.Bool ? i % 2 : i * 7))];
        using OrtValue value = TensorData.FromBytes(type, Shape.Of(3, 5), bytes).ToOrtValue();
        TensorData back = value.ToTensorData();
        Assert.AreEqual(type, back.ElementType);
        Assert.AreEqual(Shape.Of(3, 5), back.Shape);
        CollectionAssert.AreEqual(bytes, back.Bytes.ToArray());
    }

    [TestMethod]
    public void StringsComeBack()
    {
        using OrtValue value = TensorData.FromStrings(["", "é", "three"], 1, 3).ToOrtValue();
        CollectionAssert.AreEqual(new[] { "", "é", "three" }, value.ToTensorData().ToStrings());
        Assert.AreEqual(Shape.Of(1, 3), value.ToTensorData().Shape);
    }

    [TestMethod]
    public void EmptyTensorsComeBack()
    {
        using OrtValue value = TensorData.FromFloats([], 0, 4).ToOrtValue();
        Assert.AreEqual(Shape.Of(0, 4), value.ToTensorData().Shape);
    }
}
