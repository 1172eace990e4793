using System.Diagnostics;

namespace OnnxFineTune.Benchmarks;

/// <summary>Full steps in turn with PyTorch's, each in a process of its own, so that the peaks of memory are those of one side.</summary>
/// <param name="Name">What is compared.</param>
/// <param name="OurArguments">Of this program, to measure our side alone.</param>
/// <param name="Peer">PyTorch.</param>
/// <param name="Rounds">Measurements of each side.</param>
internal sealed record FullStepComparison(string Name, IReadOnlyList<string> OurArguments, TorchPeer Peer, int Rounds)
{
    /// <summary>Measures and prints.</summary>
    public void Run()
    {
        List<(double Median, long Peak)> ours = [], theirs = [];
        for (int i = 0; i < Rounds; i++)
        {
            ours.Add(FullStepTimes.Read("This program", Ours()));
            theirs.Add(Peer.FullStep());
            Console.WriteLine($"{Name}: OnnxFineTune {ours[^1].Median:F0} ms, {ours[^1].Peak} MiB; PyTorch {theirs[^1].Median:F0} ms, {theirs[^1].Peak} MiB; " +
                $"time {ours[^1].Median / theirs[^1].Median:F2}, memory {(double)ours[^1].Peak / theirs[^1].Peak:F2}");
        }
        Console.WriteLine($"{Name}, least of {Rounds} rounds: OnnxFineTune {ours.Min().Median:F0} ms, PyTorch {theirs.Min().Median:F0} ms: {ours.Min().Median / theirs.Min().Median:F2}; " +
            $"median of the rounds' ratios {ours.Zip(theirs, (o, t) => o.Median / t.Median).Order().ElementAt(Rounds / 2):F2}");
    }

    private string Ours()
    {
        ProcessStartInfo start = new(Environment.ProcessPath!, OurArguments) { RedirectStandardOutput = true };
        using Process process = Process.Start(start)!;
        string output = process.StandardOutput.ReadToEnd();
        process.WaitForExit();
        return process.ExitCode == 0 ? output : throw new InvalidOperationException($"Our side of {Name} failed with exit code {process.ExitCode}.");
    }
}
