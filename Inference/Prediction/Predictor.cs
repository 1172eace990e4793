using System.Buffers;
using System.Runtime.ExceptionServices;
using OnnxFineTune.Surgery;

namespace OnnxFineTune.Inference;

/// <summary>Names what is on pictures with an image classifier. Safe from several threads at once.</summary>
public sealed class Predictor : IDisposable
{
    private readonly ClassifierSession _session;
    private readonly PredictorOptions _options;

    private Predictor(ClassifierSession session, ImagePreprocessing preprocessing, IReadOnlyList<string> labels, PredictorOptions options)
    {
        _session = session;
        _options = options;
        Preprocessing = preprocessing;
        Labels = labels;
    }

    /// <summary>How pictures become the model's input.</summary>
    public ImagePreprocessing Preprocessing { get; }

    /// <summary>The names of the classes in output order; <c>class 0</c>, <c>class 1</c>, … where the model carries none.</summary>
    public IReadOnlyList<string> Labels { get; }

    /// <summary>Opens an ONNX file.</summary>
    /// <exception cref="GraphException">The file is no image classifier, or preprocessing or labels do not fit it.</exception>
    /// <exception cref="ArgumentException">An option is out of its range.</exception>
    public static Predictor Open(string path, PredictorOptions? options = null) => Open(Model.Load(path), options);

    /// <summary>Opens a model as it is now.</summary>
    /// <exception cref="GraphException">The model is no image classifier, or preprocessing or labels do not fit it.</exception>
    /// <exception cref="ArgumentException">An option is out of its range.</exception>
    public static Predictor Open(Model model, PredictorOptions? options = null)
    {
        options ??= new PredictorOptions();
        options.Validate();
        ImagePreprocessing preprocessing = options.Preprocessing is { } preset ? ImagePreprocessing.For(model, preset) : ImagePreprocessing.For(model);
        preprocessing.Validate();
        IReadOnlyList<string>? labels = options.Labels ?? model.GetLabels();
        ClassifierSession session = new(model, preprocessing, options);
        if (labels is null || labels.Count == session.Classes)
            return new(session, preprocessing, labels ?? [.. Enumerable.Range(0, session.Classes).Select(i => $"class {i}")], options);
        session.Dispose();
        throw new GraphException($"The model tells {session.Classes} classes apart, but there are {labels.Count} labels. Give one label for each class, in output order.");
    }

    /// <summary>Looks at one picture file.</summary>
    /// <exception cref="ImageFormatException">The file is no picture, is damaged, or is too large; the message names it.</exception>
    public Prediction Predict(string path) => PredictBatch([path])[0];

    /// <summary>Looks at one picture file in memory.</summary>
    /// <exception cref="ImageFormatException">It is no picture, is damaged, or is too large.</exception>
    public Prediction Predict(ReadOnlyMemory<byte> file) => PredictBatch([file])[0];

    /// <summary>Looks at one picture file, read to the stream's end.</summary>
    /// <exception cref="ImageFormatException">It is no picture, is damaged, or is too large.</exception>
    public Prediction Predict(Stream file)
    {
        using MemoryStream copy = new();
        file.CopyTo(copy);
        return Predict(copy.GetBuffer().AsMemory(0, (int)copy.Length));
    }

    /// <summary>Looks at one picture.</summary>
    public Prediction Predict(DecodedImage image) => PredictBatch([image])[0];

    /// <summary>Looks at picture files, decoding in parallel; results in the order of <paramref name="paths"/>.</summary>
    /// <exception cref="ImageFormatException">A file is no picture, is damaged, or is too large; the message names it.</exception>
    public IReadOnlyList<Prediction> PredictBatch(IReadOnlyList<string> paths) => Run(paths, ApplyFile);

    /// <summary>Looks at picture files in memory, decoding in parallel; results in the order of <paramref name="files"/>.</summary>
    /// <exception cref="ImageFormatException">One is no picture, is damaged, or is too large.</exception>
    public IReadOnlyList<Prediction> PredictBatch(IReadOnlyList<ReadOnlyMemory<byte>> files) =>
        Run(files, (file, numbers) => Preprocessing.Apply(file, numbers.Span, _options.Decoder));

    /// <summary>Looks at pictures; results in the order of <paramref name="images"/>.</summary>
    public IReadOnlyList<Prediction> PredictBatch(IReadOnlyList<DecodedImage> images) =>
        Run(images, (image, numbers) => Preprocessing.Apply(image, numbers.Span));

    /// <summary>Frees the session.</summary>
    public void Dispose() => _session.Dispose();

    private void ApplyFile(string path, Memory<float> numbers)
    {
        try
        {
            Preprocessing.Apply(File.ReadAllBytes(path), numbers.Span, _options.Decoder);
        }
        catch (ImageFormatException e)
        {
            throw new ImageFormatException($"'{path}': {e.Message}", e);
        }
    }

    private List<Prediction> Run<T>(IReadOnlyList<T> pictures, Action<T, Memory<float>> apply)
    {
        int length = Preprocessing.Length;
        int batch = _session.Batch ?? Math.Clamp(pictures.Count, 1, _options.BatchSize);
        List<Prediction> predictions = new(pictures.Count);
        using IMemoryOwner<float> rented = MemoryPool<float>.Shared.Rent(checked(batch * length));
        Memory<float> numbers = rented.Memory;
        for (int start = 0; start < pictures.Count; start += batch)
        {
            int first = start;
            int count = Math.Min(batch, pictures.Count - start);
            int fed = _session.Batch ?? count;   // a fixed batch is filled up with zeros
            numbers.Span[(count * length)..(fed * length)].Clear();
            InParallel(count, i => apply(pictures[first + i], numbers.Slice(i * length, length)));
            float[] probabilities = _session.Run(numbers[..(fed * length)], fed);
            for (int i = 0; i < count; i++)
                predictions.Add(new Prediction(Labels, probabilities.AsSpan(i * Labels.Count, Labels.Count)));
        }
        return predictions;
    }

    private void InParallel(int count, Action<int> body)
    {
        if (count == 1)
        {
            body(0);
            return;
        }
        try
        {
            Parallel.For(0, count, new ParallelOptions { MaxDegreeOfParallelism = _options.Threads == 0 ? Environment.ProcessorCount : _options.Threads }, body);
        }
        catch (AggregateException e)
        {
            ExceptionDispatchInfo.Throw(e.InnerExceptions[0]);
        }
    }
}
