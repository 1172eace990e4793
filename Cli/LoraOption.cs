using System.CommandLine;
using System.Globalization;
using OnnxFineTune.Surgery;

namespace OnnxFineTune.Cli;

/// <summary><c>--lora</c> and <c>--lora-on</c>: adapters in place of whole weights.</summary>
internal sealed class LoraOption
{
    private readonly Option<string?> _lora = new("--lora")
    {
        Description = "Train low-rank adapters with the head, in place of what --trainable says: their rank, and alpha where what they add is to be multiplied by alpha/rank, for example 8 or 8:16.",
        HelpName = "RANK[:ALPHA]",
    };

    private readonly Option<string> _on = new("--lora-on")
    {
        Description = "Which weights get an adapter: patterns of names of weights or nodes, of MatMul, Gemm and Conv (fire8*,fire9*).", HelpName = "PATTERN", DefaultValueFactory = _ => new Lora().Pattern,
    };

    /// <summary>Adds the two.</summary>
    /// <param name="trainable">The option that says what is trained without adapters.</param>
    public void AddTo(Command command, Option trainable)
    {
        command.Options.Add(_lora);
        command.Options.Add(_on);
        command.Validators.Add(result =>
        {
            if (result.GetResult(_on) is { Implicit: false } && result.GetResult(_lora) is null)
                result.AddError($"{_on.Name} goes with {_lora.Name}: give a rank, for example {_lora.Name} 8.");
            if (result.GetResult(_lora) is not null && result.GetResult(trainable) is { Implicit: false })
                result.AddError($"Give {_lora.Name} or {trainable.Name}, not both: with {_lora.Name} the adapters and the head are trained.");
        });
    }

    /// <summary>The adapters, or null where none are asked for.</summary>
    /// <exception cref="UsageException">The text says no rank, or one that is out of range.</exception>
    public Lora? Read(ParseResult parsed, int seed)
    {
        if (parsed.GetValue(_lora) is not { } text)
            return null;
        string[] parts = text.Split(':');
        float alpha = 0;
        if (parts.Length > 2 || !int.TryParse(parts[0], NumberStyles.None, CultureInfo.InvariantCulture, out int rank)
            || (parts.Length == 2 && !float.TryParse(parts[1], NumberStyles.Float, CultureInfo.InvariantCulture, out alpha)))
            throw new UsageException($"{_lora.Name} is '{text}'; give a whole number for the rank, and with a colon a number for alpha, for example 8 or 8:16.");
        Lora lora = new() { Rank = rank, Alpha = parts.Length == 2 ? alpha : null, Pattern = parsed.GetValue(_on)!, Seed = seed };
        return lora.Validate() is { Count: > 0 } errors ? throw new UsageException(string.Join(' ', errors)) : lora;
    }
}
