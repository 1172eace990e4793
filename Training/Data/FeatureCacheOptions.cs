namespace OnnxFineTune.Training;

/// <summary>Where features of the frozen part are kept.</summary>
public sealed record FeatureCacheOptions
{
    private const long Mebibyte = 1L << 20;

    /// <summary>
    /// Folder where features stay for the next run, made when needed; null keeps nothing. By default <c>onnxft/features</c> in the user's local application data.
    /// </summary>
    public string? Folder { get; init; } = DefaultFolder;

    /// <summary>Bytes of features up to which one run keeps them in memory, 0 or more; above it they stay in a file. 512 MiB by default.</summary>
    public long MemoryLimit { get; init; } = 512 * Mebibyte;

    /// <summary>Bytes that <see cref="Folder"/> may hold after a run, 0 or more; the files that were used longest ago are deleted. 4 GiB by default.</summary>
    public long DiskLimit { get; init; } = 4096 * Mebibyte;

    /// <summary>Keeps nothing on disk after a run.</summary>
    public static FeatureCacheOptions None { get; } = new() { Folder = null };

    /// <summary>The user's own cache folder.</summary>
    public static string DefaultFolder
    {
        get
        {
            string data = Environment.GetFolderPath(Environment.SpecialFolder.LocalApplicationData, Environment.SpecialFolderOption.DoNotVerify);
            return Path.Combine(data.Length > 0 ? data : Path.GetTempPath(), "onnxft", "features");
        }
    }
}
