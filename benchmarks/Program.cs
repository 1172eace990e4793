using OnnxFineTune.Benchmarks;
using OnnxFineTune.Surgery;
using OnnxFineTune.Training;

const string Usage = """
    usage: head-step [--features 512] [--classes 10] [--batch 32] [--threads 1]
           textbook  --model VGG.onnx --images DIR [--pictures 40] [--epochs 3] [--runs 7]
           fine-tune --model MODEL.onnx --images DIR [--peer run.sh --peer-model MODEL.pt] [--size 224] [--epochs 20] [--threads 2] [--runs 3]
           full-step (--model MODEL.onnx | --network NAME --reference torchvision_reference.py [--keep-bn eval] [--models DIR]) [--peer run.sh [--peer-model MODEL.pt]]
                     [--trainable all] [--batch 16] [--size 224] [--threads 2] [--runs 5] [--rounds 3] [--profile LINES]
                     [--checkpointing none|segments]
    """;
Arguments options = new(args);
try
{
    return args.FirstOrDefault() switch
    {
        "head-step" => RunHeadStep(),
        "textbook" => await RunTextbookAsync(),
        "fine-tune" => RunFineTune(),
        "full-step" => RunFullStep(),
        _ => throw new ArgumentException("Name a benchmark."),
    };
}
catch (Exception e) when (e is ArgumentException or FormatException)
{
    Console.Error.WriteLine($"{e.Message}\n{Usage}");
    return 2;
}

int RunHeadStep()
{
    HeadStep step = new(options.Number("--features", 512), options.Number("--classes", 10), options.Number("--batch", 32), options.Number("--threads", 1));
    TimeSpan time = step.Measure();
    Console.WriteLine($"OnnxFineTune head-step features={step.Features} classes={step.Classes} batch={step.Examples} threads={step.Threads}: {time.TotalMicroseconds:F1} us");
    return 0;
}

async Task<int> RunTextbookAsync()
{
    TextbookTraining training = new(options.Required("--images"), options.Number("--pictures", 40), options.Number("--epochs", 3));
    Textbook textbook = new(options.Required("--model"), training, options.Number("--runs", 7));
    return await textbook.RunAsync() ? 0 : 1;
}

int RunFineTune()
{
    FineTune ours = new(options.Required("--model"), options.Required("--images"), options.Number("--epochs", 20), options.Number("--threads", 2));
    TorchPeer? peer = options.Text("--peer") is { } script ? new(script, options.Required("--peer-model"), options.Number("--size", 224), options.Number("--threads", 2)) : null;
    FineTuneComparison comparison = new(ours, peer, options.Number("--runs", 3));
    comparison.Run();
    return 0;
}

int RunFullStep()
{
    (int batch, int size, int threads, int runs) = (options.Number("--batch", 16), options.Number("--size", 224), options.Number("--threads", 2), options.Number("--runs", 5));
    (string model, string? torch) = options.Text("--network") is { } network
        ? new ReferenceNetwork(options.Required("--reference"), network, options.Text("--keep-bn") is not null, options.Text("--models") ?? Path.Combine(Path.GetTempPath(), "onnxft-networks")).Make(size)
        : (options.Required("--model"), options.Text("--peer-model"));
    Trainable trainable = Trainable.Parse(options.Text("--trainable") ?? "all");
    string checkpointing = options.Text("--checkpointing") ?? "none";
    FullStep step = new(model, trainable, batch, size, threads, runs, Enum.Parse<ActivationCheckpointing>(checkpointing, ignoreCase: true));
    string name = Path.GetFileName(Path.GetDirectoryName(Path.GetFullPath(model)))!;
    if (options.Text("--profile") is not null)
        new StepProfile(step, options.Number("--profile", 20)).Run();
    else if (trainable != Trainable.All)
    {
        (double[] steps, double[] inference) = step.MeasureFrozen();
        Console.WriteLine($"{name}, {trainable} trained, nothing kept: least {steps.Min():F1} ms, inference of the model {inference.Min():F1} ms: {steps.Min() / inference.Min():F3}; " +
            $"median of the ratios of neighbours {steps.Zip(inference, (s, i) => s / i).Order().ElementAt(runs / 2):F3}");
    }
    else if (options.Text("--peer") is { } peer)
    {
        string[] ours = ["full-step", "--model", model, "--batch", $"{batch}", "--size", $"{size}", "--threads", $"{threads}", "--runs", $"{runs}", "--checkpointing", checkpointing];
        new FullStepComparison(name, ours, new TorchPeer(peer, torch ?? options.Required("--peer-model"), size, threads, batch), options.Number("--rounds", 3)).Run();
    }
    else
        Console.WriteLine($"{name}: {step.Measure()}");
    return 0;
}
