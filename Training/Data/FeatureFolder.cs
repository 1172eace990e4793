namespace OnnxFineTune.Training;

/// <summary>The folder in which feature files stay between runs.</summary>
internal static class FeatureFolder
{
    private const string Extension = ".features";

    /// <summary>Opens, or makes, the file of a key for this run alone.</summary>
    /// <param name="notice">Takes the reason where there is no such file to be had: it is in use, or the folder cannot be written.</param>
    public static FileStream? Open(string folder, ContentHash key, Action<string> notice)
    {
        string path = Path.Combine(folder, key + Extension);
        try
        {
            Directory.CreateDirectory(folder);
            FileStream stream = new(path, FileMode.OpenOrCreate, FileAccess.ReadWrite, FileShare.None, bufferSize: 0, FileOptions.RandomAccess);
            File.SetLastWriteTimeUtc(stream.SafeFileHandle, DateTime.UtcNow);
            return stream;
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            notice($"Features are not kept for the next run: '{path}' cannot be used ({e.Message.TrimEnd('.')}).");
            return null;
        }
    }

    /// <summary>A file that is gone once it is closed.</summary>
    /// <exception cref="DatasetException">The folder for temporary files cannot be written.</exception>
    public static FileStream OpenTemporary()
    {
        try
        {
            return new FileStream(Path.Combine(Path.GetTempPath(), $"onnxft-{Guid.NewGuid():N}{Extension}"),
                FileMode.CreateNew, FileAccess.ReadWrite, FileShare.None, bufferSize: 0, FileOptions.DeleteOnClose | FileOptions.RandomAccess);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw new DatasetException($"The features do not fit the memory limit and '{Path.GetTempPath()}' cannot hold them ({e.Message.TrimEnd('.')}). " +
                "Raise the memory limit of the feature cache.", e);
        }
    }

    /// <summary>Deletes the files that were used longest ago until the rest fits the limit; files in use elsewhere may stay.</summary>
    public static void Evict(string folder, long limit)
    {
        FileInfo[] files = [.. new DirectoryInfo(folder).GetFiles("*" + Extension).OrderByDescending(f => f.LastWriteTimeUtc).ThenBy(f => f.Name, StringComparer.Ordinal)];
        long total = 0;
        foreach (FileInfo file in files)
            if ((total += file.Length) > limit)
                TryDelete(file);
    }

    private static void TryDelete(FileInfo file)
    {
        try
        {
            file.Delete();
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            // In use, or gone already; the next run tries again.
        }
    }
}
