using OnnxFineTune.Training;
using Spectre.Console;

namespace OnnxFineTune.Cli;

/// <summary>What <c>inspect --trainable</c> prints.</summary>
internal static class TrainabilityDisplay
{
    /// <summary>Prints the cuts, the last ones and everything, and the operators in the way.</summary>
    public static void Show(Terminal terminal, string file, Trainability result, int most)
    {
        TrainableCut[] cuts = result.Cuts.Count <= most ? [.. result.Cuts] : [result.Cuts[0], .. result.Cuts.TakeLast(most - 1)];
        terminal.Heading($"{file}: training from a value on, in batches of {result.Batch}{(cuts.Length < result.Cuts.Count ? $"; all of it, and from the last {cuts.Length - 1} of {result.Cuts.Count - 1} values (--all shows all)" : "")}");
        Table table = new Table().AddColumn("from").AddColumn(Right("layers")).AddColumn(Right("parameters")).AddColumn(Right("activations")).AddColumn("blocked by");
        foreach (TrainableCut cut in cuts)
            table.AddRow(new Text(cut.Value.Name), new Text(Figures.Count(cut.Layers)), new Text(Figures.Count(cut.Parameters)),
                new Text(cut.ActivationBytes is { } bytes ? Figures.Bytes(bytes) : "?"), new Text(Figures.Names(cut.BlockedBy, 3)));
        terminal.Write(table);
        if (result.Blocking.Count > 0)
        {
            terminal.Line();
            terminal.Heading("Operators that no gradient passes");
        }
        foreach (BlockingOperator blocking in result.Blocking)
            terminal.Facts([($"{blocking.Operator} '{blocking.Output}'", blocking.Path), ("", blocking.Reason), ("", blocking.Suggestion)]);
        terminal.Result(result);
    }

    private static TableColumn Right(string name) => new TableColumn(name).RightAligned();
}
