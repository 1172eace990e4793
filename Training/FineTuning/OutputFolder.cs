namespace OnnxFineTune.Training;

/// <summary>The folder of a result: made before the work, so that a wrong one shows at once, and removed again where nothing came of it.</summary>
internal sealed class OutputFolder : IDisposable
{
    private readonly List<string> _made = [];

    /// <summary>Makes the folder and those above it as needed, and checks that a file can be written there.</summary>
    /// <exception cref="IOException">It cannot be made or written; the message says why.</exception>
    public OutputFolder(string path)
    {
        string full = Path.GetFullPath(path);
        try
        {
            for (string? folder = full; folder is not null && !Directory.Exists(folder); folder = Path.GetDirectoryName(folder))
                _made.Add(folder);
            Directory.CreateDirectory(full);
            using FileStream probe = new(Path.Combine(full, $".{Path.GetRandomFileName()}.tmp"),
                new FileStreamOptions { Mode = FileMode.CreateNew, Access = FileAccess.Write, Options = FileOptions.DeleteOnClose });
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            Dispose();
            string reason = File.Exists(full) ? "it is a file" : e.Message.TrimEnd('.');
            throw new IOException($"The output folder '{path}' cannot be written ({reason}). Give a folder that can.", e);
        }
    }

    /// <summary>Removes the folders that were made, as far as they are empty.</summary>
    public void Dispose()
    {
        foreach (string folder in _made)
        {
            if (!Directory.Exists(folder))
                continue;
            if (Directory.EnumerateFileSystemEntries(folder).Any())
                return;
            Directory.Delete(folder);
        }
    }
}
