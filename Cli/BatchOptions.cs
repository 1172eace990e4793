using System.CommandLine;
using OnnxFineTune.Surgery;
using OnnxFineTune.Training;

namespace OnnxFineTune.Cli;

/// <summary>The options of verbs that differentiate a model on one batch: tensors, loss, and what is trained.</summary>
internal sealed class BatchOptions
{
    private readonly LossOption _loss = new("What is differentiated.", "softmax-cross-entropy");
    private readonly TrainableOption _trainable = new("The parameters by which it is differentiated", "all");
    private readonly BatchNormalizationOption _batchNorm = new("Statistics of BatchNormalization: frozen, the running ones, or each batch's own.");
    private readonly Option<int> _threads = CommonOptions.Threads();

    /// <summary>Tensors of the model's inputs.</summary>
    public Option<string[]> Inputs { get; } = new("--input", "-i") { Description = "A TensorProto file for the model's input; NAME=FILE for each where there are several.", HelpName = "[NAME=]FILE", AllowMultipleArgumentsPerToken = false };

    /// <summary>Tensor of the targets.</summary>
    public Option<string?> Labels { get; } = new("--labels", "-l") { Description = "A TensorProto file of labels: class indices [N], or for the other losses numbers in the shape of the output.", HelpName = "FILE" };

    public IEnumerable<Option> All => [Inputs, Labels, _loss.Option, _trainable.Option, _batchNorm.Option, _threads];

    /// <summary>Loss, parameters and threads.</summary>
    public ModelGradientsOptions Read(ParseResult parsed) => new()
    {
        Loss = _loss.Read(parsed),
        Trainable = _trainable.Read(parsed),
        BatchNormalization = _batchNorm.Read(parsed),
        Threads = parsed.GetValue(_threads),
    };

    /// <summary>The tensors of <see cref="Inputs"/> by the names of the model's inputs.</summary>
    /// <exception cref="UsageException">An option names no input, names one twice, or names none where the model has several.</exception>
    public IReadOnlyDictionary<string, TensorData> ReadInputs(ParseResult parsed, Model model)
    {
        string[] names = [.. model.Graph.FeedInputs.Select(i => i.Name)];
        Dictionary<string, TensorData> tensors = [];
        foreach (string text in parsed.GetValue(Inputs) ?? [])
        {
            (string name, string file) = Split(text, names);
            if (!tensors.TryAdd(name, TensorFile.Load(file)))
                throw new UsageException($"{Inputs.Name} gives '{name}' twice.");
        }
        return tensors;
    }

    private (string Name, string File) Split(string text, string[] names)
    {
        if (names.FirstOrDefault(n => text.StartsWith(n + '=', StringComparison.Ordinal)) is { } name)
            return (name, text[(name.Length + 1)..]);
        if (names.Length == 1 && (File.Exists(text) || !text.Contains('=')))
            return (names[0], text);
        string known = string.Join(", ", names.Select(n => $"'{n}'"));
        throw new UsageException($"{Inputs.Name} is '{text}', which names none of the model's inputs ({known}); give {Inputs.Name} NAME=FILE for each.");
    }
}
