using System.CommandLine;
namespace OnnxFineTune.Cli;
internal sealed class PredictVerb : IVerb
{
    public Command Build() => new("predict", "");
    public Task<int> RunAsync(ParseResult parsed, Terminal terminal, CancellationToken cancellation) => Task.FromResult(ExitCode.Done);
}
