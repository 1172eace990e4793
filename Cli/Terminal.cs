using System.Text.Encodings.Web;
using System.Text.Json;
using System.Text.Json.Serialization;
using Spectre.Console;
using Spectre.Console.Rendering;

namespace OnnxFineTune.Cli;

/// <summary>
/// Where a verb writes. Without <c>--json</c> people read standard output; with it standard output carries one JSON object and everything
/// else goes to standard error. Colours and moving bars appear only on a real terminal.
/// </summary>
internal sealed class Terminal
{
    private const int NeverWraps = 1 << 20;

    private static readonly JsonSerializerOptions JsonFormat = new()
    {
        PropertyNamingPolicy = JsonNamingPolicy.CamelCase,
        Converters = { new JsonStringEnumConverter(JsonNamingPolicy.CamelCase) },
        Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping,
        NumberHandling = JsonNumberHandling.AllowNamedFloatingPointLiterals,
        WriteIndented = true,
    };

    private readonly TextWriter _output;
    private readonly TextWriter _error;
    private readonly TextWriter _human;

    public Terminal(TextWriter output, TextWriter error, bool json, bool interactive)
    {
        _output = output;
        _error = error;
        _human = json ? error : output;
        IsJson = json;
        IsInteractive = interactive;
        Ansi = Console(_human, interactive);
    }

    /// <summary>Whether standard output carries JSON.</summary>
    public bool IsJson { get; }

    /// <summary>Whether a person watches: bars may move.</summary>
    public bool IsInteractive { get; }

    /// <summary>Spectre's console for bars.</summary>
    public IAnsiConsole Ansi { get; }

    /// <summary>A plain line for people.</summary>
    public void Line(string text = "") => _human.WriteLine(text);

    /// <summary>A heading for people.</summary>
    public void Heading(string text) => Write(new Text(text, new Style(decoration: Decoration.Bold)));

    /// <summary>A table for people: fits a terminal's width, is one line per row elsewhere.</summary>
    public void Write(Table table)
    {
        foreach (TableColumn column in table.Columns)
            column.NoWrap = !IsInteractive;
        Write((IRenderable)table.Border(IsInteractive ? TableBorder.Rounded : TableBorder.None));
    }

    /// <summary>Names with what is to say about them, the latter aligned.</summary>
    public void Facts(IEnumerable<(string Name, string Text)> facts)
    {
        Grid grid = new Grid().AddColumn(new GridColumn().NoWrap().PadLeft(0).PadRight(3)).AddColumn(new GridColumn().PadRight(0));
        foreach ((string name, string text) in facts)
            grid.AddRow(new Text(name), new Text(text));
        Write(grid);
    }

    /// <summary>A warning, on standard error.</summary>
    public void Warning(string text) => _error.WriteLine($"warning: {OneLine(text)}");

    /// <summary>An error, on standard error; with <c>--json</c> also the JSON object.</summary>
    public void Error(string text)
    {
        _error.WriteLine($"error: {OneLine(text)}");
        Result(new { error = OneLine(text) });
    }

    /// <summary>The result of a verb: the one JSON object, nothing without <c>--json</c>.</summary>
    public void Result(object result)
    {
        if (IsJson)
            _output.WriteLine(JsonSerializer.Serialize(result, JsonFormat));
    }

    /// <summary>Elsewhere than on a terminal, lines neither wrap nor end in spaces.</summary>
    private void Write(IRenderable content)
    {
        if (IsInteractive)
        {
            Ansi.Write(content);
            if (content is Text)
                Line();
            return;
        }
        using StringWriter text = new() { NewLine = "\n" };
        Console(text, interactive: false).Write(content);
        foreach (string line in text.ToString().TrimEnd('\n').Split('\n'))
            Line(line.TrimEnd());
    }

    private static IAnsiConsole Console(TextWriter writer, bool interactive)
    {
        IAnsiConsole console = AnsiConsole.Create(new AnsiConsoleSettings
        {
            Out = new AnsiConsoleOutput(writer),
            Ansi = interactive ? AnsiSupport.Detect : AnsiSupport.No,
            ColorSystem = interactive ? ColorSystemSupport.Detect : ColorSystemSupport.NoColors,
            Interactive = interactive ? InteractionSupport.Detect : InteractionSupport.No,
        });
        if (!interactive)
            console.Profile.Width = NeverWraps;
        return console;
    }

    /// <summary>Messages of ONNX Runtime and of the system may have several lines.</summary>
    private static string OneLine(string text) => string.Join(' ', text.Split(['\r', '\n', '\t'], StringSplitOptions.RemoveEmptyEntries | StringSplitOptions.TrimEntries));
}
