using System.Diagnostics;
using System.Globalization;
using System.Text.Json;
using OnnxFineTune.Models;
using OnnxFineTune.Surgery;

namespace OnnxFineTune.Training.Tests;

/// <summary>A network with PyTorch's loss and gradients, in a temporary folder that <c>torchvision_reference.py</c> writes.</summary>
internal sealed class TorchReference : IDisposable
{
    private const string Python = "/usr/bin/python3";

    private readonly DirectoryInfo _folder = Directory.CreateTempSubdirectory("torch-reference-");

    private TorchReference()
    {
    }

    /// <summary>The file of the network, batch statistics or folded as asked for.</summary>
    public string ModelFile => Path("model.onnx");

    /// <summary>The network.</summary>
    public Model Model => Model.Load(ModelFile);

    /// <summary>Images [N, 3, size, size].</summary>
    public TensorData Input => TensorFile.Load(Path("input.pb"));

    /// <summary>Class indices [N].</summary>
    public TensorData Labels => TensorFile.Load(Path("labels.pb"));

    /// <summary>PyTorch's mean cross-entropy.</summary>
    public float Loss => TensorFile.Load(Path("loss.pb")).ToFloats()[0];

    /// <summary>PyTorch's logits [N, classes].</summary>
    public TensorData Logits => TensorFile.Load(Path("logits.pb"));

    /// <summary>PyTorch's gradient of every parameter, by the name of its initializer.</summary>
    public IReadOnlyDictionary<string, TensorData> Gradients => Tensors("grads");

    /// <summary>Why references cannot be made here, or null where they can.</summary>
    private static string? Missing { get; } =
        SharedFolder.Find("tools/torchvision_reference.py") is null ? "../shared is absent: there is no torchvision_reference.py to run."
        : !File.Exists(Python) || Run("-c", "import torch, torchvision, onnx").ExitCode != 0
            ? "PyTorch is absent: apt-get install python3-torch python3-torchvision python3-onnx."
        : null;

    /// <summary>Exports the network and computes its reference.</summary>
    /// <param name="arguments">Name of a torchvision network, and options of the script.</param>
    public static TorchReference Make(params string[] arguments) => Make(Script("torchvision_network.py"), [SharedFolder.Find("tools/torchvision_reference.py") ?? "", .. arguments]);

    /// <summary>Exports a network of resampling operators and computes its reference.</summary>
    /// <param name="opset">Operator set of the file.</param>
    public static TorchReference Spatial(string opset) => Make(Script("spatial_network.py"), [opset]);

    /// <summary>Exports a network of recurrent layers, a scripted loop and a scripted branch, and computes its reference.</summary>
    /// <param name="opset">Operator set of the file.</param>
    public static TorchReference Recurrent(string opset) => Make(Script("recurrent_network.py"), [opset]);

    /// <summary>Computes PyTorch's gradients in float64, and the errors of its float32 ones.</summary>
    /// <param name="evaluations">Number of float32 evaluations.</param>
    public RoundingReference MeasureRounding(int evaluations)
    {
        (int exitCode, string errors) = Run(Script("float64_gradients.py"), _folder.FullName, evaluations.ToString(CultureInfo.InvariantCulture));
        Assert.AreEqual(0, exitCode, $"float64_gradients.py failed: {errors}");
        return new RoundingReference(TensorFile.Load(Path("float64_loss.pb")).Span<double>()[0], Tensors("float64"), JsonSerializer.Deserialize<Dictionary<string, double>>(File.ReadAllText(Path("rounding.json")))!);
    }

    /// <summary>Runs a graph in float64 with PyTorch's kernels.</summary>
    /// <param name="graph">A graph of float32.</param>
    /// <param name="feeds">Its inputs.</param>
    /// <param name="outputs">The outputs to return.</param>
    public IReadOnlyDictionary<string, TensorData> RunInFloat64(Model graph, IReadOnlyDictionary<string, TensorData> feeds, IReadOnlyCollection<string> outputs)
    {
        graph.Save(Path("graph.onnx"));
        Directory.CreateDirectory(Path("feeds"));
        foreach ((int number, KeyValuePair<string, TensorData> feed) in feeds.Index())
            TensorFile.Save(Path($"feeds/{number}.pb"), feed.Key, feed.Value);
        (int exitCode, string errors) = Run([Script("float64_graph.py"), _folder.FullName, .. outputs]);
        Assert.AreEqual(0, exitCode, $"float64_graph.py failed: {errors}");
        return outputs.Select((name, i) => (name, Data: TensorFile.Load(Path($"graph64/{i}.pb")))).ToDictionary(o => o.name, o => o.Data);
    }

    /// <inheritdoc/>
    public void Dispose() => _folder.Delete(recursive: true);

    private static string Script(string name) => System.IO.Path.Combine(AppContext.BaseDirectory, "Reference", name);

    private static TorchReference Make(string script, string[] arguments)
    {
        if (Missing is { } reason)
            throw new AssertInconclusiveException(reason);
        TorchReference reference = new();
        (int exitCode, string errors) = Run([script, .. arguments, "--out", reference._folder.FullName]);
        Assert.AreEqual(0, exitCode, $"{System.IO.Path.GetFileName(script)} {string.Join(' ', arguments)} failed: {errors}");
        return reference;
    }

    private Dictionary<string, TensorData> Tensors(string folder) =>
        Directory.EnumerateFiles(Path(folder), "*.pb").ToDictionary(f => System.IO.Path.GetFileNameWithoutExtension(f), TensorFile.Load);

    private string Path(string name) => System.IO.Path.Combine(_folder.FullName, name);

    private static (int ExitCode, string Errors) Run(params string[] arguments)
    {
        ProcessStartInfo start = new(Python, arguments) { RedirectStandardError = true, RedirectStandardOutput = true };
        start.Environment["OMP_NUM_THREADS"] = "1";         // several references are made at once
        using Process process = Process.Start(start)!;
        process.OutputDataReceived += (_, _) => { };
        process.BeginOutputReadLine();
        string errors = process.StandardError.ReadToEnd();
        process.WaitForExit();
        return (process.ExitCode, errors);
    }
}
