namespace OnnxFineTune.Surgery;

public sealed partial class Model
{
    /// <summary>Metadata key of the names of the head's parameters, one a line.</summary>
    public const string HeadKey = "onnxft.head";

    /// <summary>
    /// Metadata key of the name of the value on which the attached heads stand: where the model of the last edit was cut. Where the value has another name now, that is on a second line.
    /// </summary>
    public const string CutKey = "onnxft.cut";

    /// <summary>
    /// Names of the parameters of the heads that were attached in the last edit, in order; empty where none was. They are kept in the metadata, so
    /// that a saved model still knows them.
    /// </summary>
    public IReadOnlyList<string> HeadParameters
    {
        get => Metadata.TryGetValue(HeadKey, out string? names) ? [.. names.Split('\n').Where(n => Graph.Find(n) is not null)] : [];
        internal set
        {
            if (value.Count > 0)
                Metadata[HeadKey] = string.Join('\n', value);
            else
                Metadata.Remove(HeadKey);
        }
    }

    /// <summary>The name of the value on which the attached heads stand, in the model that was cut and in this one; null where that is not known.</summary>
    internal (string Original, string Present)? Cut
    {
        get => Metadata.TryGetValue(CutKey, out string? text) && text.Split('\n') is [string original, ..] names ? (original, names[^1]) : null;
        set => Metadata[CutKey] = value is not { } cut ? throw new ArgumentNullException(nameof(value)) : cut.Original == cut.Present ? cut.Original : $"{cut.Original}\n{cut.Present}";
    }

    /// <summary>Gives the value of this name, where there is one, another.</summary>
    internal void Vacate(string name, string other)
    {
        if (Graph.Find(name) is not { } value)
            return;
        Graph.Rename(value, Graph.UniqueName(other));
        if (Cut is { } cut && cut.Present == name)
            Cut = (cut.Original, value.Name);
    }
}
