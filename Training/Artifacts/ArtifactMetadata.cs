using OnnxFineTune.Surgery;

namespace OnnxFineTune.Training;

/// <summary>What the evaluation model carries so that an inference model can be made of it again; the runtime does not read it.</summary>
internal static class ArtifactMetadata
{
    private const string OutputKey = "onnxft.artifacts.output", InputsKey = "onnxft.artifacts.inputs", NamesKey = "onnxft.artifacts.names";

    /// <summary>Stores what the model's output means, and the inputs that the model itself has.</summary>
    /// <param name="model">The evaluation model.</param>
    /// <param name="kind">What the output means.</param>
    /// <param name="inputs">The model's own inputs, in the evaluation model.</param>
    public static void Set(Model model, OutputKind kind, IEnumerable<Value> inputs)
    {
        model.Metadata[OutputKey] = kind.ToString();
        model.Metadata[InputsKey] = string.Join('\n', inputs.Select(v => v.Name));
    }

    /// <summary>Stores that a value had another name in the model.</summary>
    public static void AddRenamed(Model model, string name, string original) =>
        model.Metadata[NamesKey] = (model.Metadata.TryGetValue(NamesKey, out string? names) ? names + "\n" : "") + $"{name}\t{original}";

    /// <summary>What the model's output means; null in models of other tools.</summary>
    public static OutputKind? OutputKindOf(Model model) =>
        model.Metadata.TryGetValue(OutputKey, out string? kind) && Enum.TryParse(kind, out OutputKind parsed) ? parsed : null;

    /// <summary>Names of the model's own inputs; null in models of other tools.</summary>
    public static IReadOnlyList<string>? InputsOf(Model model) => model.Metadata.TryGetValue(InputsKey, out string? names) ? names.Split('\n') : null;

    /// <summary>Values that had another name in the model: the present name and that one.</summary>
    public static IEnumerable<(string Name, string Original)> RenamedOf(Model model) => !model.Metadata.TryGetValue(NamesKey, out string? names) ? []
        : names.Split('\n').Select(n => n.Split('\t')).Where(n => n.Length == 2).Select(n => (n[0], n[1]));

    /// <summary>Removes all of it.</summary>
    public static void Remove(Model model)
    {
        foreach (string key in new[] { OutputKey, InputsKey, NamesKey })
            model.Metadata.Remove(key);
    }
}
