using System.Diagnostics;

namespace OnnxFineTune.Benchmarks;

/// <summary>Training of a head by the <c>onnxft</c> program, everything from file to tuned file, no features kept from a run before.</summary>
/// <param name="Model">The ONNX model.</param>
/// <param name="Images">Folder of pictures, a folder per class.</param>
/// <param name="Epochs">Times that each picture is seen.</param>
/// <param name="Threads">Threads to compute with.</param>
internal sealed record FineTune(string Model, string Images, int Epochs, int Threads)
{
    /// <summary>Pictures in the folder.</summary>
    public int Pictures => Directory.EnumerateFiles(Images, "*", SearchOption.AllDirectories).Count();

    /// <summary>Runs the program once.</summary>
    /// <returns>From the start of the process to its end.</returns>
    /// <exception cref="InvalidOperationException">The program failed.</exception>
    public TimeSpan Run()
    {
        DirectoryInfo output = Directory.CreateTempSubdirectory("onnxft-fine-tune-");
        try
        {
            string program = Path.Combine(AppContext.BaseDirectory, OperatingSystem.IsWindows() ? "onnxft.exe" : "onnxft");
            ProcessStartInfo start = new(program, ["train", "--model", Model, "--images", Images, "--out", output.FullName,
                "--epochs", $"{Epochs}", "--threads", $"{Threads}", "--validation", "0", "--no-cache", "--json"]) { RedirectStandardOutput = true, RedirectStandardError = true };
            long begin = Stopwatch.GetTimestamp();
            using Process process = Process.Start(start)!;
            Task<string> standardOutput = process.StandardOutput.ReadToEndAsync();
            string errors = process.StandardError.ReadToEnd();
            process.WaitForExit();
            TimeSpan wall = Stopwatch.GetElapsedTime(begin);
            return process.ExitCode == 0 ? wall
                : throw new InvalidOperationException($"onnxft train failed with exit code {process.ExitCode}: {errors}{standardOutput.Result}");
        }
        finally
        {
            output.Delete(recursive: true);
        }
    }
}
