using OnnxFineTune.Training;
using Spectre.Console;

namespace OnnxFineTune.Cli;

/// <summary>Shows which classes are taken for which: as a table where it is small, else the most frequent mistakes.</summary>
internal static class ConfusionReport
{
    private const int MostInTable = 12;
    private const int MostMistakes = 10;

    public static void Show(Terminal terminal, ConfusionMatrix confusion)
    {
        if (confusion.Labels.Count <= MostInTable)
            ShowTable(terminal, confusion);
        else
            ShowMistakes(terminal, confusion);
    }

    private static void ShowTable(Terminal terminal, ConfusionMatrix confusion)
    {
        Table table = new Table().AddColumn(new TableColumn(new Text("true \\ predicted")));
        foreach (string label in confusion.Labels)
            table.AddColumn(new TableColumn(new Text(label)).RightAligned());
        for (int actual = 0; actual < confusion.Labels.Count; actual++)
        {
            int row = actual;
            table.AddRow([new Text(confusion.Labels[row]), .. confusion.Labels.Select((_, predicted) => new Text(Figures.Count(confusion[row, predicted])))]);
        }
        terminal.Write(table);
    }

    private static void ShowMistakes(Terminal terminal, ConfusionMatrix confusion)
    {
        IEnumerable<(int Actual, int Predicted)> pairs = from actual in Enumerable.Range(0, confusion.Labels.Count)
                                                         from predicted in Enumerable.Range(0, confusion.Labels.Count)
                                                         where actual != predicted && confusion[actual, predicted] > 0
                                                         select (actual, predicted);
        (int Actual, int Predicted)[] worst = [.. pairs.OrderByDescending(p => confusion[p.Actual, p.Predicted]).Take(MostMistakes)];
        if (worst.Length == 0)
            return;
        terminal.Line("most frequent mistakes");
        terminal.Facts(worst.Select(p => (Figures.Count(confusion[p.Actual, p.Predicted]), $"{confusion.Labels[p.Actual]} taken for {confusion.Labels[p.Predicted]}")));
    }
}
