namespace OnnxFineTune.Training.Tests;

[TestClass]
public sealed class TensorFileNameTests
{
    [TestMethod]
    [DataRow("layer1.0.conv.weight", "layer1.0.conv.weight.pb")]
    [DataRow("Größe (1)", "Größe (1).pb")]
    [DataRow("onnx::Conv_12", "onnx%3A%3AConv_12.pb")]
    [DataRow("block/conv/weight", "block%2Fconv%2Fweight.pb")]
    [DataRow("..\\a|b*c?<d>\"", "..%5Ca%7Cb%2Ac%3F%3Cd%3E%22.pb")]
    [DataRow("a\nb", "a%0Ab.pb")]
    [DataRow("100% sure", "100% sure.pb")]
    [DataRow("a%2Fb", "a%252Fb.pb")]
    public void IsTheTensorsNameWhereFileSystemsAllowIt(string tensor, string file) => Assert.AreEqual(file, TensorFileName.Of(tensor));
}
