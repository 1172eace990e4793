namespace OnnxFineTune.Training.Tests;

/// <summary>However a file is mutilated, the answer is findings, never a crash.</summary>
[TestClass]
public sealed class MutilationTests
{
    private const int Flips = 4000;

    [TestMethod]
    public void EveryLengthOfACheckpointIsRefusedOrRead()
    {
        using GoodArtifacts artifacts = new();
        ArtifactParts models = ArtifactParts.Read(artifacts.Folder, []);
        byte[] bytes = File.ReadAllBytes(Path.Combine(artifacts.Folder, TrainingArtifacts.CheckpointFile));
        for (int length = 0; length < bytes.Length; length++)
            Assert.IsNotEmpty(Findings(models, bytes[..length]), $"{length} bytes of {bytes.Length}");
        Assert.IsEmpty(Findings(models, bytes));
    }

    [TestMethod]
    public void EveryFlippedByteOfACheckpointIsAFindingOrAnotherWeight()
    {
        using GoodArtifacts artifacts = new();
        ArtifactParts models = ArtifactParts.Read(artifacts.Folder, []);
        byte[] bytes = File.ReadAllBytes(Path.Combine(artifacts.Folder, TrainingArtifacts.CheckpointFile));
        Random random = new(1);
        int refused = 0;
        for (int i = 0; i < Flips; i++)
        {
            byte[] copy = [.. bytes];
            for (int flips = random.Next(1, 4); flips > 0; flips--)
                copy[random.Next(copy.Length)] ^= (byte)random.Next(1, 256);
            IReadOnlyList<string> findings = Findings(models, copy);
            refused += findings.Count > 0 ? 1 : 0;
            foreach (string finding in findings)
                StringAssert.EndsWith(finding, ".");
        }
        Assert.IsGreaterThan(Flips / 2, refused);
    }

    [TestMethod]
    [DataRow(TrainingArtifacts.TrainingModelFile), DataRow(TrainingArtifacts.EvaluationModelFile), DataRow(TrainingArtifacts.OptimizerModelFile)]
    public void MutilatedModelsGiveFindings(string file)
    {
        using GoodArtifacts artifacts = new();
        string path = Path.Combine(artifacts.Folder, file);
        byte[] bytes = File.ReadAllBytes(path);
        Random random = new(2);
        for (int i = 0; i < 300; i++)
        {
            byte[] copy = i % 3 == 0 ? bytes[..random.Next(bytes.Length)] : [.. bytes];
            if (i % 3 != 0)
                copy[random.Next(copy.Length)] ^= (byte)random.Next(1, 256);
            File.WriteAllBytes(path, copy);
            foreach (string finding in ArtifactVerification.Check(artifacts.Folder))
                Assert.IsGreaterThan(20, finding.Length);
        }
    }

    /// <summary>As <see cref="ArtifactVerification.Check(string)"/>, with the checkpoint from memory.</summary>
    private static List<string> Findings(ArtifactParts models, byte[] bytes)
    {
        try
        {
            Checkpoint checkpoint = CheckpointReader.Read(bytes, "The checkpoint", "/nowhere/checkpoint.data");
            return [.. CheckpointLayoutCheck.Check(bytes, hasDataFile: false), .. ArtifactVerification.Check(models with { Checkpoint = checkpoint })];
        }
        catch (TrainingException e)
        {
            return [e.Message];
        }
    }
}
