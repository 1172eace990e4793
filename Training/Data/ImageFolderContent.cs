namespace OnnxFineTune.Training;

/// <summary>The classes and picture files of a folder.</summary>
/// <param name="Labels">Names of the class folders, in ordinal order.</param>
/// <param name="Pictures">Picture files with their class, by class and then in ordinal order.</param>
internal sealed record ImageFolderContent(IReadOnlyList<string> Labels, IReadOnlyList<(string File, int Class)> Pictures)
{
    private const string Readable = "JPEG, PNG, WebP, BMP or GIF";

    /// <summary>Pictures by their name; those of kinds that cannot be decoded are named as unreadable rather than passed over.</summary>
    private static readonly HashSet<string> PictureExtensions = new(StringComparer.OrdinalIgnoreCase)
    {
        ".jpg", ".jpeg", ".jpe", ".jfif", ".png", ".apng", ".webp", ".bmp", ".dib", ".gif",
        ".tif", ".tiff", ".heic", ".heif", ".avif", ".jxl", ".jp2", ".ico", ".tga", ".dng", ".pbm", ".pgm", ".ppm",
    };

    private static readonly HashSet<string> PartNames = new(["train", "training", "test", "testing", "val", "valid", "validation"], StringComparer.OrdinalIgnoreCase);

    private static readonly EnumerationOptions Visible = new() { AttributesToSkip = FileAttributes.Hidden | FileAttributes.System };

    private static readonly EnumerationOptions VisibleAndNested = new() { AttributesToSkip = Visible.AttributesToSkip, RecurseSubdirectories = true };

    /// <summary>Lists a folder.</summary>
    /// <exception cref="DatasetException">There is no such folder, it has no class folders, or a class has no pictures.</exception>
    public static ImageFolderContent List(string path)
    {
        if (!Directory.Exists(path))
            throw new DatasetException(File.Exists(path)
                ? $"'{path}' is a file. Give the folder that holds a folder of pictures per class."
                : $"There is no folder '{path}'. Give the folder that holds a folder of pictures per class.");
        string[] labels = [.. new DirectoryInfo(path).EnumerateDirectories("*", Visible).Select(d => d.Name).Order(StringComparer.Ordinal)];
        if (labels.Length == 0)
            throw new DatasetException(Directory.EnumerateFiles(path, "*", Visible).Any(IsPicture)
                ? $"'{path}' holds pictures but no class folders. Put the pictures of each class into a folder of the class's name."
                : $"'{path}' is empty: it holds no class folders. Make a folder per class in it and put the pictures ({Readable}) there.");
        if (labels.Length > 1 && labels.All(PartNames.Contains))
            throw new DatasetException($"'{path}' holds {string.Join(" and ", labels.Select(l => $"'{l}'"))}, which look like parts of a data set, not classes. " +
                $"Give one of them, for example '{Path.Combine(path, labels[^1])}'.");
        string[][] files = Array.ConvertAll(labels, label => PicturesIn(Path.Combine(path, label)));
        string[] without = [.. labels.Where((_, i) => files[i].Length == 0)];
        if (without.Length > 0)
            throw new DatasetException($"{(without.Length == 1 ? "The class" : "The classes")} {string.Join(", ", without.Select(l => $"'{l}'"))} in '{path}' " +
                $"{(without.Length == 1 ? "has" : "have")} no pictures. Put {Readable} files there, or remove the folder.");
        return new ImageFolderContent(labels, [.. files.SelectMany((names, label) => names.Select(name => (name, label)))]);
    }

    private static string[] PicturesIn(string folder) =>
        [.. Directory.EnumerateFiles(folder, "*", VisibleAndNested).Where(IsPicture).Order(StringComparer.Ordinal)];

    /// <summary>A file without an extension may be a picture as well: the decoder goes by content.</summary>
    private static bool IsPicture(string file) => Path.GetExtension(file) is var extension && (extension.Length == 0 || PictureExtensions.Contains(extension));
}
