using OnnxFineTune.Surgery.Serialization;

namespace OnnxFineTune.Surgery.Tests.Serialization;

[TestClass]
public sealed class SaveTests
{
    [TestMethod]
    public void TheFileThatWasLoadedCanBeSavedOver()
    {
        using TemporaryFolder folder = new();
        string path = folder.File("m.onnx");
        SmallModel.Create().Save(path);
        Model model = Model.Load(path);
        Model untouched = Model.Load(path);
        float[] expected = SmallModel.Run(model);
        model.Metadata["saved"] = "over";
        model.Save(path);
        CollectionAssert.AreEqual(expected, SmallModel.Run(model));
        CollectionAssert.AreEqual(expected, SmallModel.Run(untouched), "another model of the old file");
        Model again = Model.Load(path);
        CollectionAssert.AreEqual(expected, SmallModel.Run(again));
        Assert.AreEqual("over", again.Metadata["saved"]);
        Assert.HasCount(1, Directory.GetFileSystemEntries(folder.FullName));
    }

    [TestMethod]
    public void AnUneditedFileIsSavedByteForByte()
    {
        using TemporaryFolder folder = new();
        SmallModel.Create().Save(folder.File("a.onnx"));
        Model.Load(folder.File("a.onnx")).Save(folder.File("b.onnx"));
        CollectionAssert.AreEqual(File.ReadAllBytes(folder.File("a.onnx")), File.ReadAllBytes(folder.File("b.onnx")));
    }

    [TestMethod]
    public void AFailureLeavesTheOldFileAndNothingElse()
    {
        using TemporaryFolder folder = new();
        string path = folder.File("m.onnx");
        File.WriteAllText(path, "old");
        try
        {
            using AtomicFile file = new(path, 10);
            file.Write(Failing());
            file.Commit();
            Assert.Fail("the write must fail");
        }
        catch (IOException)
        {
        }
        Assert.AreEqual("old", File.ReadAllText(path));
        Assert.HasCount(1, Directory.GetFileSystemEntries(folder.FullName));
    }

    /// <summary>A data file of 1 TB, all holes, does not fit into shared memory: the system itself refuses at once.</summary>
    [TestMethod]
    public void AFullDiskIsOneClearSentence()
    {
        if (!Directory.Exists("/dev/shm"))
        {
            Assert.Inconclusive("There is no /dev/shm, the small disk of this test.");
            return;
        }
        using TemporaryFolder folder = new("/dev/shm");
        const long length = 1L << 40;
        using (FileStream data = File.Create(folder.File("d")))
            data.SetLength(length);
        TensorData huge = new(ElementType.UInt8, Shape.Of(length), new ExternalStorage(new(), MappedFile.Open(folder.File("d")), 0));
        Model model = SmallModel.Create();
        model.Graph.AddInitializer("huge", huge);
        File.WriteAllText(folder.File("m.onnx"), "old");
        string message = Assert.ThrowsExactly<GraphException>(() => model.Save(folder.File("m.onnx"))).Message;
        StringAssert.Contains(message, "the disk is full");
        Assert.AreEqual("old", File.ReadAllText(folder.File("m.onnx")));
        Assert.HasCount(2, Directory.GetFileSystemEntries(folder.FullName));
    }

    [TestMethod]
    public void BadPathsAreNamed()
    {
        using TemporaryFolder folder = new();
        Model model = SmallModel.Create();
        StringAssert.Contains(Assert.ThrowsExactly<GraphException>(() => model.Save(folder.File("no/m.onnx"))).Message, "does not exist; create it first");
        StringAssert.Contains(Assert.ThrowsExactly<GraphException>(() => model.Save(folder.FullName)).Message, "is a folder");
        Assert.IsEmpty(Directory.GetFileSystemEntries(folder.FullName));
    }

    [TestMethod]
    public void LinksAndPermissionsStay()
    {
        if (OperatingSystem.IsWindows())
        {
            Assert.Inconclusive("Windows has no Unix permissions, and links need a privilege there.");
            return;
        }
        using TemporaryFolder folder = new();
        SmallModel.Create().Save(folder.File("m.onnx"));
        const UnixFileMode mode = UnixFileMode.UserRead | UnixFileMode.UserWrite;
        File.SetUnixFileMode(folder.File("m.onnx"), mode);
        File.CreateSymbolicLink(folder.File("link.onnx"), "m.onnx");
        SmallModel.Create(2).Save(folder.File("link.onnx"));
        Assert.AreEqual("m.onnx", new FileInfo(folder.File("link.onnx")).LinkTarget);
        Assert.AreEqual(mode, File.GetUnixFileMode(folder.File("m.onnx")));
        Assert.AreEqual(-16, Model.Load(folder.File("m.onnx")).Graph.Get("w").Data!.ToFloats()[0]);
    }

    private static IEnumerable<ReadOnlyMemory<byte>> Failing()
    {
        yield return new byte[1 << 20];
        throw new IOException("as a full disk");
    }
}
