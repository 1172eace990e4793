using OnnxFineTune.Inference;
using OnnxFineTune.Surgery;

namespace OnnxFineTune.Training;

/// <summary>
/// Pictures in a folder per class: <c>trucks/001.jpg</c>, <c>trucks/red/002.png</c>, <c>cars/001.webp</c>. Classes and pictures are in the ordinal order of their names.
/// Hidden files, files that are no pictures and files beside the class folders are not used. Pictures are decoded when they are loaded.
/// </summary>
public sealed class ImageFolder : IDataset
{
    private readonly IReadOnlyList<(string File, int Class)> _pictures;
    private readonly ImageFolderOptions _options;
    private readonly IImageDecoder _decoder;

    private ImageFolder(string path, ImagePreprocessing preprocessing, ImageFolderOptions options, ImageFolderContent content)
    {
        (Path, Preprocessing, _options) = (path, preprocessing, options);
        (Labels, _pictures) = (content.Labels, content.Pictures);
        _decoder = options.Decoder ?? SkiaImageDecoder.Default;
        Type decoder = _decoder.GetType();
        Preparation = $"{preprocessing.ToJson()} {decoder.FullName} {decoder.Assembly.GetName().Version}";
        InputShape = Shape.Of(preprocessing.BatchShape(1).ToArray()[1..]);
    }

    /// <summary>The folder of the class folders.</summary>
    public string Path { get; }

    /// <summary>How pictures become the model's input.</summary>
    public ImagePreprocessing Preprocessing { get; }

    /// <inheritdoc/>
    public int Count => _pictures.Count;

    /// <summary>Names of the class folders, in ordinal order.</summary>
    public IReadOnlyList<string> Labels { get; }

    /// <inheritdoc/>
    public Shape InputShape { get; }

    /// <summary>1: the class index.</summary>
    public int TargetLength => 1;

    /// <inheritdoc/>
    public string Preparation { get; }

    /// <summary>Lists the pictures of a folder; none is opened yet.</summary>
    /// <param name="path">The folder of the class folders.</param>
    /// <param name="preprocessing">How pictures become the model's input, for example <see cref="ImagePreprocessing.For(Model)"/>.</param>
    /// <param name="options">Defaults when null.</param>
    /// <exception cref="DatasetException">There is no such folder, it has no class folders, or a class has no pictures.</exception>
    /// <exception cref="ArgumentException">The preprocessing has a setting out of its range.</exception>
    public static ImageFolder Open(string path, ImagePreprocessing preprocessing, ImageFolderOptions? options = null)
    {
        preprocessing.Validate();
        return new ImageFolder(path, preprocessing, options ?? new ImageFolderOptions(), ImageFolderContent.List(path));
    }

    /// <summary>Path of the picture's file.</summary>
    public string NameOf(int index) => _pictures[index].File;

    /// <inheritdoc/>
    public int? ClassOf(int index) => _pictures[index].Class;

    /// <inheritdoc/>
    public void CopyTarget(int index, Span<float> destination) => destination[0] = _pictures[index].Class;

    /// <summary>Hash of the picture's file.</summary>
    /// <exception cref="UnreadableExampleException">The file cannot be read.</exception>
    public ContentHash HashOf(int index) => ContentHash.Of(Read(index));

    /// <summary>Decodes and preprocesses a picture.</summary>
    /// <exception cref="UnreadableExampleException">The picture cannot be read.</exception>
    /// <exception cref="DatasetException">The same, with <see cref="ImageFolderOptions.Strict"/>.</exception>
    public void Load(int index, Span<float> destination)
    {
        byte[] file = Read(index);
        try
        {
            Preprocessing.Apply(file, destination, _decoder);
        }
        catch (ImageFormatException e)
        {
            throw Unreadable(index, e);
        }
    }

    private byte[] Read(int index)
    {
        try
        {
            return File.ReadAllBytes(_pictures[index].File);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw Unreadable(index, e);
        }
    }

    private DatasetException Unreadable(int index, Exception reason)
    {
        string message = $"The picture '{NameOf(index)}' cannot be read: {reason.Message}";
        return _options.Strict
            ? new DatasetException($"{message.TrimEnd('.')}. Repair or remove it, or leave out such pictures by not asking for strict reading.", reason)
            : new UnreadableExampleException(message, reason);
    }
}
