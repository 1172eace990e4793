using System.Text.Json;
using System.Text.Json.Serialization;
using Spectre.Console;

namespace OnnxFineTune.Cli;

/// <summary>
/// Where a verb writes. Without <c>--json</c> people read standard output; with it standard output carries one JSON object and everything
/// else goes to standard error. Colours and moving bars appear only on a real terminal.
/// </summary>
internal sealed class Terminal
{
    private static readonly JsonSerializerOptions JsonFormat = new()
    {
        PropertyNamingPolicy = JsonNamingPolicy.CamelCase,
        Converters = { new JsonStringEnumConverter(JsonNamingPolicy.CamelCase) },
        Encoder = System.Text.Encodings.Web.JavaScriptEncoder.UnsafeRelaxedJsonEscaping,
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
        Ansi = AnsiConsole.Create(new AnsiConsoleSettings
        {
            Out = new AnsiConsoleOutput(_human),
            Ansi = interactive ? AnsiSupport.Detect : AnsiSupport.No,
            ColorSystem = interactive ? ColorSystemSupport.Detect : ColorSystemSupport.NoColors,
            Interactive = interactive ? InteractionSupport.Detect : InteractionSupport.No,
        });
        if (!interactive)
            Ansi.Profile.Width = 160;        // a redirected console reports 80 columns and would wrap lines that programs read
    }

    /// <summary>Whether standard output carries JSON.</summary>
    public bool IsJson { get; }

    /// <summary>Whether a person watches: bars may move.</summary>
    public bool IsInteractive { get; }

    /// <summary>Spectre's console for tables, bars and colour.</summary>
    public IAnsiConsole Ansi { get; }

    /// <summary>A plain line for people.</summary>
    public void Line(string text = "") => _human.WriteLine(text);

    /// <summary>A heading for people.</summary>
    public void Heading(string text) => Ansi.MarkupLineInterpolated($"[bold]{text}[/]");

    /// <summary>A warning, on standard error.</summary>
    public void Warning(string text) => _error.WriteLine($"warning: {text}");

    /// <summary>An error, on standard error; with <c>--json</c> also the JSON object.</summary>
    public void Error(string text)
    {
        _error.WriteLine($"error: {text}");
        Result(new { error = text });
    }

    /// <summary>The result of a verb: the one JSON object, nothing without <c>--json</c>.</summary>
    public void Result(object result)
    {
        if (IsJson)
            _output.WriteLine(JsonSerializer.Serialize(result, JsonFormat));
    }
}
