using System.Runtime.InteropServices;
using OnnxFineTune.Cli;

using CancellationTokenSource cancellation = new();
void Interrupt(PosixSignalContext context)
{
    if (cancellation.IsCancellationRequested)
        return;                     // the second Ctrl-C ends the process at once
    context.Cancel = true;
    cancellation.Cancel();
}
using PosixSignalRegistration interrupt = PosixSignalRegistration.Create(PosixSignal.SIGINT, Interrupt);
using PosixSignalRegistration terminate = PosixSignalRegistration.Create(PosixSignal.SIGTERM, Interrupt);
bool interactive = !Console.IsOutputRedirected && !Console.IsErrorRedirected;
return await new Application(Console.Out, Console.Error, interactive).RunAsync(args, cancellation.Token);
