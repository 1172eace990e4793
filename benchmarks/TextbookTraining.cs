using OnnxFineTune.Inference;
using OnnxFineTune.Models;
using OnnxFineTune.Surgery;
using OnnxFineTune.Training;

namespace OnnxFineTune.Benchmarks;

/// <summary>Trains the head of an edited model on a few pictures and compares the saved weights with the original's.</summary>
/// <param name="Images">Folder of pictures, a folder per class.</param>
/// <param name="Pictures">How many are used, the same number of each class.</param>
/// <param name="Epochs">Times that each is seen.</param>
internal sealed record TextbookTraining(string Images, int Pictures, int Epochs)
{
    /// <summary>Classes among the pictures.</summary>
    public int Classes { get; } = ImageFolder.Open(Images, new ImagePreprocessing()).Labels.Count;

    /// <summary>Trains, saves and compares.</summary>
    /// <returns>Whether every weight from the original is byte for byte as it was, every weight of the head differs from its start, and managed memory was never as large as the original.</returns>
    public async Task<bool> CheckAsync(TextbookCase edit, string original, DirectoryInfo folder)
    {
        string tuned = Path.Combine(folder.FullName, "tuned.onnx");
        using ManagedMemoryPeak peak = new();
        Model model = edit.Edit(original);
        using Trainer trainer = new(model, new TrainerOptions { Epochs = Epochs, ValidationFraction = 0, Cache = FeatureCacheOptions.None });
        FitResult result = await trainer.FitAsync(Some(ImageFolder.Open(Images, ImagePreprocessing.For(model))));
        result.Model.Save(tuned);
        long managed = peak.Bytes;

        WeightComparison weights = WeightComparison.Of(original, tuned);
        Model saved = Model.Load(tuned);
        int moved = model.HeadParameters.Count(name => !WeightComparison.AreSame(model.Graph.Get(name).Data!, saved.Graph.Get(name).Data!));
        Console.WriteLine($"  {Epochs} epochs on {result.TrainingExamples} pictures: {result.Elapsed.TotalSeconds:F1} s; {result.TrainedParameters:N0} parameters trained, {result.FrozenParameters:N0} frozen; managed memory at most {managed / 1e6:F0} MB");
        Console.WriteLine($"  {weights.Kept.Count} weights ({weights.KeptBytes / 1e6:F0} MB) byte for byte the original's, {weights.Changed.Count} changed; {moved} of {weights.Added.Count} new ones differ from their start");
        return weights.Changed.Count == 0 && weights.Added.Order().SequenceEqual(model.HeadParameters.Order()) && moved == weights.Added.Count
            && weights.KeptBytes >= result.FrozenParameters * sizeof(float) && managed < new FileInfo(original).Length;
    }

    private DatasetSubset Some(ImageFolder images) =>
        new(images, [.. Enumerable.Range(0, images.Count).GroupBy(i => images.ClassOf(i)).SelectMany(c => c.Take(Pictures / Classes))]);
}
