using System.CommandLine;
namespace OnnxFineTune.Cli;
internal sealed class DemoVerb : IVerb
{
    public Command Build() => new("demo", "");
    public Task<int> RunAsync(ParseResult parsed, Terminal terminal, CancellationToken cancellation) => Task.FromResult(ExitCode.Done);
}
