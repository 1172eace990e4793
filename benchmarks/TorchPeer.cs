using System.Diagnostics;
using System.Globalization;
using System.Text.RegularExpressions;

namespace OnnxFineTune.Benchmarks;

/// <summary>PyTorch doing the same: a program that prints how long a step of the head takes, the forward pass of the frozen layers included.</summary>
/// <param name="Script">The program; it is called with <c>model FILE.pt --batch 16 --size … --threads …</c>.</param>
/// <param name="Model">The network as TorchScript.</param>
/// <param name="Size">Height and width of the pictures.</param>
/// <param name="Threads">Threads to compute with.</param>
/// <param name="BatchSize">Pictures in one step.</param>
internal sealed partial record TorchPeer(string Script, string Model, int Size, int Threads, int BatchSize = 16)
{

    /// <summary>The median time of a step, the network's forward pass included.</summary>
    /// <exception cref="InvalidOperationException">The program failed or printed no such time.</exception>
    public TimeSpan StepTime()
    {
        string output = Output();
        Match match = HeadStepLine().Match(output);
        return match.Success ? TimeSpan.FromMilliseconds(double.Parse(match.Groups[1].Value, CultureInfo.InvariantCulture))
            : throw new InvalidOperationException($"{Script} printed no time of a head-only step: {output}");
    }

    /// <summary>The median milliseconds of a step that trains all layers, and the process's peak resident memory in MiB.</summary>
    /// <exception cref="InvalidOperationException">The program failed or printed no such numbers.</exception>
    public (double Median, long Peak) FullStep() => FullStepTimes.Read(Script, Output());

    private string Output()
    {
        ProcessStartInfo start = new(Script, ["model", Model, "--batch", $"{BatchSize}", "--size", $"{Size}", "--threads", $"{Threads}"]) { RedirectStandardOutput = true };
        using Process process = Process.Start(start)!;
        string output = process.StandardOutput.ReadToEnd();
        process.WaitForExit();
        return process.ExitCode == 0 ? output : throw new InvalidOperationException($"{Script} failed with exit code {process.ExitCode}: {output}");
    }

    [GeneratedRegex(@"head-only.*?:\s*([0-9.]+) ms")]
    private static partial Regex HeadStepLine();
}
