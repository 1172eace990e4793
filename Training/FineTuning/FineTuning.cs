using OnnxFineTune.Inference;
using OnnxFineTune.Surgery;

namespace OnnxFineTune.Training;

/// <summary>Fine-tunes an image classifier from file to file: cut, attach, train, test, save.</summary>
public static class FineTuning
{
    /// <summary>Name of the tuned model in the output folder.</summary>
    public const string ModelFileName = "model.onnx";

    /// <summary>Name of the adapter in the output folder, where there is one.</summary>
    public const string AdapterFileName = "adapter.onnx";

    /// <summary>Runs all of it. A cancelled run keeps and saves what was learned, once training has begun.</summary>
    /// <exception cref="GraphException">The model cannot be used as asked.</exception>
    /// <exception cref="ArgumentException">Options are out of range, or contradict each other.</exception>
    /// <exception cref="DatasetException">The pictures cannot be used as they lie.</exception>
    /// <exception cref="TrainingException">Nothing could be learned; the message says what to change.</exception>
    /// <exception cref="IOException">The output folder cannot be written.</exception>
    /// <exception cref="OperationCanceledException">Cancelled before anything was learned; nothing is written.</exception>
    public static async Task<FineTuningResult> RunAsync(FineTuningOptions options, IProgress<TrainingProgress>? progress = null, CancellationToken cancellationToken = default)
    {
        AdapterTraining.Check(options.Lora, options.Trainer.Trainable, options.Trainer.BatchNormalization);
        Model pretrained = Model.Load(options.Model);
        ImagePreprocessing preprocessing = options.Preprocessing is { } preset ? ImagePreprocessing.For(pretrained, preset) : ImagePreprocessing.For(pretrained);
        ImageFolderOptions folderOptions = new() { Strict = options.Strict };
        ImageFolder images = ImageFolder.Open(options.Images, preprocessing, folderOptions);
        ImageFolder? test = options.Test is { } folder ? ImageFolder.Open(folder, preprocessing, folderOptions) : null;
        if (test is not null)
            _ = new ClassTargets(test, images.Labels);        // wrong labels are an error before the training, not after it

        ModelEditor editor = new CutPlace(options.Cut, options.DropBypass, options.RemoveLast).Apply(pretrained.Edit());
        string cutAt = editor.Features.Name;
        Model model = editor.Attach(options.Head(images.Labels.Count)).Build();
        using OutputFolder output = new(options.Output);        // likewise a folder that cannot be written
        AdapterTraining training = AdapterTraining.Of(model, options.Lora, options.Trainer, progress);
        using Trainer trainer = new(training.Model, training.Options);
        FitResult fit = training.Complete(await trainer.FitAsync(images, progress: progress, cancellationToken: cancellationToken));

        string path = Path.Combine(options.Output, ModelFileName);
        fit.Model.Save(path);
        string? adapter = fit.Adapter is null ? null : Path.Combine(options.Output, AdapterFileName);
        fit.Adapter?.Save(adapter!);
        EvaluationResult? tested = test is null || fit.Cancelled ? null : Test(path, test, options, cancellationToken);
        return new FineTuningResult(path, images.Labels, cutAt, fit, tested) { Adapter = adapter, Cancelled = fit.Cancelled || test is not null && tested is null };
    }

    /// <summary>Measures the saved file; null when that was cancelled, for the model is there all the same.</summary>
    private static EvaluationResult? Test(string path, ImageFolder test, FineTuningOptions options, CancellationToken cancellation)
    {
        try
        {
            return Evaluator.Evaluate(Model.Load(path), test, new EvaluatorOptions { Threads = options.Trainer.Threads }, cancellation);
        }
        catch (OperationCanceledException)
        {
            return null;
        }
    }
}
