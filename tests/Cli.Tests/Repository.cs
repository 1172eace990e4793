namespace OnnxFineTune.Cli.Tests;

/// <summary>Files of the checkout.</summary>
internal static class Repository
{
    public static string Root { get; } = FindRoot();

    public static string FashionModel { get; } = Path.Combine(Root, "models", "fashion.onnx");

    /// <summary>A path in the checkout.</summary>
    public static string File(params string[] parts) => Path.Combine([Root, .. parts]);

    private static string FindRoot()
    {
        for (DirectoryInfo? folder = new(AppContext.BaseDirectory); folder is not null; folder = folder.Parent)
            if (System.IO.File.Exists(Path.Combine(folder.FullName, "OnnxFineTune.sln")))
                return folder.FullName;
        throw new DirectoryNotFoundException("The tests do not lie in a checkout: no OnnxFineTune.sln above them.");
    }
}
