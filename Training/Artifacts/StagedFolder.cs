namespace OnnxFineTune.Training;

/// <summary>A folder of files that appear together, when all of them are complete: they are written into a folder within it and then moved.</summary>
internal sealed class StagedFolder : IDisposable
{
    private readonly OutputFolder _output;
    private readonly string _target;

    /// <summary>Makes the folder as needed and checks that it can be written.</summary>
    /// <exception cref="IOException">It cannot be made or written; the message says why.</exception>
    public StagedFolder(string path)
    {
        _output = new OutputFolder(path);
        _target = System.IO.Path.GetFullPath(path);
        Path = Directory.CreateDirectory(System.IO.Path.Combine(_target, $".{System.IO.Path.GetRandomFileName()}.tmp")).FullName;
    }

    /// <summary>Where the files are written.</summary>
    public string Path { get; }

    /// <summary>Lets the files appear in the folder.</summary>
    /// <param name="obsolete">Names of files of an earlier run that go where this run has written none of that name.</param>
    /// <returns>Names and sizes, in order of the names.</returns>
    public IReadOnlyList<ArtifactFile> Commit(params IReadOnlyList<string> obsolete)
    {
        FileInfo[] files = [.. new DirectoryInfo(Path).GetFiles().OrderBy(f => f.Name, StringComparer.Ordinal)];
        foreach (string name in obsolete.Except(files.Select(f => f.Name)))
            File.Delete(System.IO.Path.Combine(_target, name));
        ArtifactFile[] moved = [.. files.Select(f => new ArtifactFile(f.Name, f.Length))];
        foreach (FileInfo file in files)
            file.MoveTo(System.IO.Path.Combine(_target, file.Name), overwrite: true);
        return moved;
    }

    /// <summary>Removes what was not moved, and the folders that were made, as far as they are empty.</summary>
    public void Dispose()
    {
        Directory.Delete(Path, recursive: true);
        _output.Dispose();
    }
}
