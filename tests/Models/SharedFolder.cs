namespace OnnxFineTune.Models;

/// <summary>Reference material beside the checkout, which tests use where it is present.</summary>
public static class SharedFolder
{
    /// <summary>The path of a file or folder under <c>../shared</c>, or null where it is absent.</summary>
    public static string? Find(string relativePath)
    {
        for (DirectoryInfo? folder = new(AppContext.BaseDirectory); folder is not null; folder = folder.Parent)
            if (File.Exists(Path.Combine(folder.FullName, "OnnxFineTune.sln")))
            {
                string path = Path.GetFullPath(Path.Combine(folder.FullName, "..", "shared", relativePath));
                return Path.Exists(path) ? path : null;
            }
        return null;
    }
}
