using OnnxFineTune.Training;
using Spectre.Console;

namespace OnnxFineTune.Cli;

/// <summary>What <c>gradients --list</c> prints.</summary>
internal static class GradientTableReport
{
    /// <summary>Prints the table, for people, as Markdown or as JSON.</summary>
    public static void Show(Terminal terminal, bool markdown)
    {
        if (markdown)
            terminal.Line(GradientTable.ToMarkdown().TrimEnd('\n'));
        else
            terminal.Write(AsTable());
        terminal.Result(new { operators = GradientTable.All });
    }

    private static Table AsTable()
    {
        Table table = new Table().AddColumns("operator", "gradient", "of", "remark");
        foreach (OperatorGradient entry in GradientTable.All)
            table.AddRow(new Text(entry.FullName), new Text(entry.Source.Text()), new Text(string.Join(", ", entry.Inputs)), new Text(entry.Remark));
        return table;
    }
}
