using System.Diagnostics;

namespace OnnxFineTune.Benchmarks;

/// <summary>Surgery on a large file: how long it takes beside a copy of the file, what it takes in managed memory, and whether training leaves what is frozen as it was.</summary>
/// <param name="Model">An ONNX file that ends in three layers or more, VGG-16 for example.</param>
/// <param name="Training">What is trained afterwards.</param>
/// <param name="Runs">Measurements, of which the median counts.</param>
internal sealed record Textbook(string Model, TextbookTraining Training, int Runs)
{
    private static readonly TimeSpan Allowance = TimeSpan.FromSeconds(0.5);

    /// <summary>Runs all of it and prints what was seen.</summary>
    /// <returns>Whether surgery took less than a copy and half a second, and every weight is as it must be.</returns>
    public async Task<bool> RunAsync()
    {
        DirectoryInfo folder = Directory.CreateTempSubdirectory("onnxft-textbook-");
        try
        {
            Console.WriteLine($"{Path.GetFileName(Model)}, {new FileInfo(Model).Length / 1e6:F0} MB");
            bool good = true;
            foreach (TextbookCase edit in TextbookCase.All(Training.Classes))
                good &= Measure(edit, folder) & await Training.CheckAsync(edit, Model, folder);
            return good;
        }
        finally
        {
            folder.Delete(recursive: true);
        }
    }

    private bool Measure(TextbookCase edit, DirectoryInfo folder)
    {
        string copied = Path.Combine(folder.FullName, "copy.onnx"), edited = Path.Combine(folder.FullName, "edited.onnx");
        List<TimeSpan> copies = [], edits = [];
        Time(() => File.Copy(Model, copied), copied);           // both once beforehand: the file is in memory then, and our code is compiled
        Time(() => edit.Edit(Model).Save(edited), edited);
        long allocated = GC.GetTotalAllocatedBytes(precise: true);
        for (int i = 0; i < Runs; i++)
        {
            copies.Add(Time(() => File.Copy(Model, copied), copied));
            edits.Add(Time(() => edit.Edit(Model).Save(edited), edited));
        }
        allocated = (GC.GetTotalAllocatedBytes(precise: true) - allocated) / Runs;
        TimeSpan copy = Median(copies), surgery = Median(edits);
        Console.WriteLine($"{edit.Name}:");
        Console.WriteLine($"  load, cut, attach, save {surgery.TotalSeconds:F3} s; plain copy {copy.TotalSeconds:F3} s; medians of {Runs}; {allocated / 1e6:F1} MB of managed memory allocated in all");
        return surgery < copy + Allowance;
    }

    private static TimeSpan Time(Action action, string output)
    {
        File.Delete(output);
        GC.Collect();                           // what the run before left is not this one's
        long start = Stopwatch.GetTimestamp();
        action();
        return Stopwatch.GetElapsedTime(start);
    }

    private static TimeSpan Median(List<TimeSpan> times) => times.Order().ElementAt(times.Count / 2);
}
