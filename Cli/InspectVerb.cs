using System.CommandLine;
namespace OnnxFineTune.Cli;
internal sealed class InspectVerb : IVerb
{
    public Command Build() => new("inspect", "");
    public Task<int> RunAsync(ParseResult parsed, Terminal terminal, CancellationToken cancellation) => Task.FromResult(ExitCode.Done);
}
