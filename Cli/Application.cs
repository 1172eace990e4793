using System.CommandLine;
using OnnxFineTune.Inference;
using OnnxFineTune.Surgery;
using OnnxFineTune.Training;

namespace OnnxFineTune.Cli;

/// <summary>The command line: verbs, exit codes, errors as one sentence.</summary>
/// <param name="output">Standard output.</param>
/// <param name="error">Standard error.</param>
/// <param name="interactive">Whether a person watches the output.</param>
internal sealed class Application(TextWriter output, TextWriter error, bool interactive)
{
    private readonly Option<bool> _json = new("--json") { Description = "Print one JSON object on standard output, all else on standard error.", Recursive = true };

    /// <summary>The verbs; the one place to add another.</summary>
    private readonly IVerb[] _verbs = [new InspectVerb(), new TrainVerb(), new EvaluateVerb(), new PredictVerb(), new MergeVerb(), new ArtifactsVerb(), new ExportVerb(), new GradientsVerb(), new CheckGradientsVerb(), new EnginesVerb(), new DemoVerb()];

    /// <summary>Runs one command.</summary>
    /// <param name="args">The words after <c>onnxft</c>.</param>
    /// <param name="cancellation">Cancelled by Ctrl-C.</param>
    /// <returns>One of <see cref="ExitCode"/>.</returns>
    public async Task<int> RunAsync(string[] args, CancellationToken cancellation = default)
    {
        RootCommand root = new("Cut a trained ONNX model, give it a new head, train it on your pictures, get an ONNX model back.");
        root.Options.Add(_json);
        foreach (IVerb verb in _verbs)
        {
            Command command = verb.Build();
            command.SetAction((parsed, _) => RunAsync(verb, parsed, cancellation));
            root.Subcommands.Add(command);
        }
        ParseResult result = root.Parse(args.Length > 0 ? args : ["--help"], new ParserConfiguration { ResponseFileTokenReplacer = null });
        if (UsageError.In(result) is not { } wrong)
            return await result.InvokeAsync(new InvocationConfiguration { Output = output, Error = error, EnableDefaultExceptionHandler = false, ProcessTerminationTimeout = null }, CancellationToken.None);
        ShowUsageError(new Terminal(output, error, args.Contains(_json.Name), interactive), result, wrong);
        return ExitCode.WrongUsage;
    }

    private async Task<int> RunAsync(IVerb verb, ParseResult parsed, CancellationToken cancellation)
    {
        Terminal terminal = new(output, error, parsed.GetValue(_json), interactive);
        try
        {
            return await verb.RunAsync(parsed, terminal, cancellation);
        }
        catch (OperationCanceledException)
        {
            terminal.Error("Interrupted; no file was written.");
            return ExitCode.Interrupted;
        }
        catch (UsageException e)
        {
            ShowUsageError(terminal, parsed, e.Message);
            return ExitCode.WrongUsage;
        }
        catch (Exception e) when (IsExpected(e))
        {
            terminal.Error(e.Message);
            return ExitCode.Failed;
        }
    }

    private static void ShowUsageError(Terminal terminal, ParseResult parsed, string message)
    {
        Command command = parsed.CommandResult.Command;
        terminal.Error($"{message} `onnxft {(command is RootCommand ? "" : $"{command.Name} ")}--help` shows what can be given.");
    }

    /// <summary>Errors whose message already tells a user what to do; anything else is a defect and keeps its stack trace.</summary>
    private static bool IsExpected(Exception e) => e is GraphException or ImageFormatException or DatasetException or TrainingException or IOException or UnauthorizedAccessException;
}
