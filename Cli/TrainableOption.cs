using System.CommandLine;
using OnnxFineTune.Surgery;

namespace OnnxFineTune.Cli;

/// <summary><c>--trainable</c>: the parameters that are trained, or differentiated by.</summary>
internal sealed class TrainableOption
{
    /// <param name="text">What the help says of it, before the ways to select.</param>
    /// <param name="value">The default.</param>
    public TrainableOption(string text, string value)
    {
        Option = new("--trainable")
        {
            Description = $"{text}: head, blocks:N (the head and the last N blocks, which `onnxft inspect` lists), biases or normalization (the head and all of those), all, from:VALUE (everything behind a value), " +
                "or patterns of parameter names (fire9*,head*).",
            HelpName = "WHAT",
            DefaultValueFactory = _ => value,
        };
    }

    /// <summary>The option.</summary>
    public Option<string> Option { get; }

    /// <summary>What is selected.</summary>
    /// <exception cref="UsageException">The text selects nothing.</exception>
    public Trainable Read(ParseResult parsed)
    {
        string text = parsed.GetValue(Option)!;
        if (text.Trim(' ', ',') is "" or "from:")
            throw new UsageException($"{Option.Name} is '{text}'; give head, blocks:N, biases, normalization, all, from:VALUE, or patterns of parameter names.");
        try
        {
            return Trainable.Parse(text);
        }
        catch (ArgumentException e)
        {
            throw new UsageException($"{Option.Name}: {e.Message}");
        }
    }
}
