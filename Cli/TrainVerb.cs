using System.CommandLine;
namespace OnnxFineTune.Cli;
internal sealed class TrainVerb : IVerb
{
    public Command Build() => new("train", "");
    public Task<int> RunAsync(ParseResult parsed, Terminal terminal, CancellationToken cancellation) => Task.FromResult(ExitCode.Done);
}
