using System.CommandLine;
using OnnxFineTune.Training;

namespace OnnxFineTune.Cli;

/// <summary><c>engines</c>: what can compute training steps, and whether it can do so here.</summary>
internal sealed class EnginesVerb : IVerb
{
    public Command Build() => new("engines", "List what can compute training steps, whether it can do so here, and why not.");

    public Task<int> RunAsync(ParseResult parsed, Terminal terminal, CancellationToken cancellation)
    {
        terminal.Facts(TrainingEngine.All.SelectMany(e => new[] { (e.Name, e.Description), ("", e.Reason is { } reason ? $"Cannot run here. {reason}" : "Can run here.") }));
        terminal.Result(new { engines = TrainingEngine.All.Select(e => new { e.Name, e.Description, e.IsAvailable, e.Reason }) });
        return Task.FromResult(ExitCode.Done);
    }
}
