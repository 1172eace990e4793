using System.Diagnostics;

namespace OnnxFineTune.Benchmarks;

/// <summary>A torchvision network as ONNX and as TorchScript, with random weights, from the script that makes them.</summary>
/// <param name="Script">A program that takes <c>NAME --out DIR --size … --classes … [--keep-bn eval]</c> and writes <c>model.onnx</c> and <c>model.pt</c>.</param>
/// <param name="Name">The network as torchvision calls it.</param>
/// <param name="KeepsBatchNormalization">Whether BatchNormalization stays apart; else it is folded into the convolutions, as in an export for inference.</param>
/// <param name="Root">Folder of all networks; what lies there already is used again.</param>
internal sealed record ReferenceNetwork(string Script, string Name, bool KeepsBatchNormalization, string Root)
{
    private const int Classes = 1000;

    /// <summary>Makes the network where it is not there.</summary>
    /// <returns>The paths of the two files.</returns>
    public (string Onnx, string TorchScript) Make(int size)
    {
        string folder = Path.Combine(Root, $"{Name}-{size}{(KeepsBatchNormalization ? "-bn" : "")}");
        (string onnx, string torch) = (Path.Combine(folder, "model.onnx"), Path.Combine(folder, "model.pt"));
        if (File.Exists(torch))
            return (onnx, torch);
        List<string> arguments = [Script, Name, "--out", folder, "--batch", "2", "--size", $"{size}", "--classes", $"{Classes}"];
        if (KeepsBatchNormalization)
            arguments.AddRange(["--keep-bn", "eval"]);
        using Process process = Process.Start(new ProcessStartInfo("/usr/bin/python3", arguments) { RedirectStandardOutput = true })!;
        string output = process.StandardOutput.ReadToEnd();
        process.WaitForExit();
        return process.ExitCode == 0 ? (onnx, torch) : throw new InvalidOperationException($"{Script} {Name} failed: {output}");
    }
}
