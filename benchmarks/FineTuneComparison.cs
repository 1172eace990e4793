namespace OnnxFineTune.Benchmarks;

/// <summary>Training of a head from file to file, beside PyTorch where it runs the network's forward pass in each epoch.</summary>
/// <param name="Ours">Our program.</param>
/// <param name="Peer">PyTorch, or null where it is not at hand.</param>
/// <param name="Runs">Measurements of each, in turn; medians count.</param>
internal sealed record FineTuneComparison(FineTune Ours, TorchPeer? Peer, int Runs)
{
    /// <summary>Measures and prints.</summary>
    public void Run()
    {
        int pictures = Ours.Pictures, batch = Peer?.BatchSize ?? 16, steps = Ours.Epochs * ((pictures + batch - 1) / batch);
        List<double> ours = [], theirs = [];
        for (int i = 0; i < Runs; i++)
        {
            TimeSpan wall = Ours.Run();
            ours.Add(wall.TotalSeconds);
            Console.WriteLine($"OnnxFineTune: {wall.TotalSeconds:F1} s");
            if (Peer is null)
                continue;
            TimeSpan step = Peer.StepTime();
            theirs.Add(step.TotalSeconds * steps);
            Console.WriteLine($"PyTorch:      {steps * step.TotalSeconds:F1} s ({steps} steps of {step.TotalMilliseconds:F1} ms)");
        }
        Console.WriteLine($"{Path.GetFileName(Ours.Model)}, {Ours.Epochs} epochs of a head on {pictures} pictures, {Ours.Threads} threads, medians of {Runs}: OnnxFineTune {Median(ours):F1} s from file to file"
            + (Peer is null ? "" : $", PyTorch {Median(theirs):F1} s for its steps alone: {Median(theirs) / Median(ours):F1} times faster"));
    }

    private static double Median(List<double> values) => values.Order().ElementAt(values.Count / 2);
}
