namespace OnnxFineTune.Surgery.Tests.Serialization;

[TestClass]
public sealed class TensorFileTests
{
    [TestMethod]
    public void TensorsAndNamesComeBack()
    {
        using TemporaryFolder folder = new();
        TensorData tensor = TensorData.FromFloats([1, 2, 3, 4, 5, 6], 2, 3);
        TensorFile.Save(folder.File("t.pb"), "weights", tensor);
        TensorData read = TensorFile.Load(folder.File("t.pb"), out string name);
        Assert.AreEqual("weights", name);
        Assert.AreEqual(tensor.Shape, read.Shape);
        CollectionAssert.AreEqual(tensor.ToFloats(), read.ToFloats());
        TensorFile.Save(folder.File("s.pb"), "", TensorData.FromStrings(["a", "é"], 2));
        CollectionAssert.AreEqual(new[] { "a", "é" }, TensorFile.Load(folder.File("s.pb")).ToStrings());
    }

    /// <summary>More than a page of elements: what a model would leave for later, a tensor file holds itself.</summary>
    [TestMethod]
    public void LargeTensorsAreInTheFile()
    {
        using TemporaryFolder folder = new();
        float[] values = [.. Enumerable.Range(0, 5000).Select(i => i / 7f)];
        TensorFile.Save(folder.File("t.pb"), "", TensorData.FromFloats(values, 5000));
        CollectionAssert.AreEqual(values, TensorFile.Load(folder.File("t.pb")).ToFloats());
        TensorFile.Save(folder.File("u.pb"), "", SmallModel.Create().Graph.Get("w").Data!);
        Assert.AreEqual(SmallModel.Rows * SmallModel.Columns, TensorFile.Load(folder.File("u.pb")).ToFloats().Length);
    }

    [TestMethod]
    public void BadFilesAreNamed()
    {
        using TemporaryFolder folder = new();
        File.WriteAllText(folder.File("text.pb"), "no tensor");
        File.WriteAllBytes(folder.File("empty.pb"), []);
        foreach (string file in new[] { "text.pb", "empty.pb", "missing.pb" })
            StringAssert.Contains(Assert.ThrowsExactly<GraphException>(() => TensorFile.Load(folder.File(file))).Message, file);
    }
}
