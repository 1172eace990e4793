using OnnxFineTune.Benchmarks;

const string Usage = """
    usage: head-step [--features 512] [--classes 10] [--batch 32] [--threads 1]
           textbook  --model VGG.onnx --images DIR [--pictures 40] [--epochs 3] [--runs 7]
           fine-tune --model MODEL.onnx --images DIR [--peer run.sh --peer-model MODEL.pt] [--size 224] [--epochs 20] [--threads 2] [--runs 3]
    """;
Arguments options = new(args);
try
{
    return args.FirstOrDefault() switch
    {
        "head-step" => RunHeadStep(),
        "textbook" => await RunTextbookAsync(),
        "fine-tune" => RunFineTune(),
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
