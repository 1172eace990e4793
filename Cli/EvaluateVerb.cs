using System.CommandLine;
namespace OnnxFineTune.Cli;
internal sealed class EvaluateVerb : IVerb
{
    public Command Build() => new("evaluate", "");
    public Task<int> RunAsync(ParseResult parsed, Terminal terminal, CancellationToken cancellation) => Task.FromResult(ExitCode.Done);
}
