using System.CommandLine;
using OnnxFineTune.Surgery;

namespace OnnxFineTune.Cli;

/// <summary>The options that say where a model is cut, what is attached, and what of it is trained.</summary>
internal sealed class SurgeryOptions
{
    private readonly Option<string?> _cut = new("--cut") { Description = "Cut at this value instead of before the recognised classifier; `onnxft inspect` lists them.", HelpName = "VALUE" };
    private readonly Option<bool> _dropBypass = new("--drop-bypass") { Description = "With --cut: allow a value inside a block; what goes round it (a skip connection, a branch) is dropped." };
    private readonly Option<int?> _removeLast = NumberOption.Optional<int>("--remove-last", "Remove so many layers with weights from the end instead of the recognised classifier.", "N", n => n >= 1, "of at least 1");
    private readonly Option<string?> _head;
    private readonly Option<float> _dropout = NumberOption.Of("--dropout", "Dropout in the head.", "RATIO", 0f, d => d >= 0 && d < 1, "at least 0 and below 1");
    private readonly TrainableOption _trainable = new("What is trained", "head");
    private readonly LoraOption _lora = new();
    private readonly bool _headIsOptional;

    /// <summary>Options for one verb.</summary>
    /// <param name="headText">What the help says of <c>--head</c>.</param>
    /// <param name="defaultHead">The head where none is given; null where the model is then used as it is.</param>
    public SurgeryOptions(string headText, string? defaultHead)
    {
        _headIsOptional = defaultHead is null;
        _head = new("--head") { Description = headText, HelpName = "HEAD" };
        if (defaultHead is not null)
            _head.DefaultValueFactory = _ => defaultHead;
    }

    public void AddTo(Command command)
    {
        foreach (Option option in new Option[] { _cut, _dropBypass, _removeLast, _head, _dropout, _trainable.Option })
            command.Options.Add(option);
        _lora.AddTo(command, _trainable.Option);
        command.Validators.Add(result =>
        {
            if (result.GetResult(_cut) is not null && result.GetResult(_removeLast) is not null)
                result.AddError("Give --cut or --remove-last, not both.");
            if (result.GetResult(_dropBypass) is { Implicit: false } && result.GetResult(_cut) is null)
                result.AddError("--drop-bypass goes with --cut.");
            if (_headIsOptional && result.GetResult(_head) is null && new Option[] { _cut, _removeLast, _dropout }.FirstOrDefault(o => result.GetResult(o) is { Implicit: false }) is { } alone)
                result.AddError($"{alone.Name} goes with --head: give the head to attach, for example --head linear:5.");
        });
    }

    /// <summary>The value to cut at, or null.</summary>
    public string? Cut(ParseResult parsed) => parsed.GetValue(_cut);

    /// <summary>Whether what goes round the cut is dropped.</summary>
    public bool DropBypass(ParseResult parsed) => parsed.GetValue(_dropBypass);

    /// <summary>How many layers to remove, or null.</summary>
    public int? RemoveLast(ParseResult parsed) => parsed.GetValue(_removeLast);

    /// <summary>The head's description, or null where none is attached.</summary>
    public HeadOption? Head(ParseResult parsed) => parsed.GetValue(_head) is { } text ? HeadOption.Parse(text) : null;

    /// <summary>Dropout in the head.</summary>
    public float Dropout(ParseResult parsed) => parsed.GetValue(_dropout);

    /// <summary>The adapters to train, or null.</summary>
    public Lora? Lora(ParseResult parsed, int seed) => _lora.Read(parsed, seed);

    /// <summary>What is trained.</summary>
    public Trainable Trainable(ParseResult parsed) => _trainable.Read(parsed);
}
