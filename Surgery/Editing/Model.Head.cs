namespace OnnxFineTune.Surgery;

public sealed partial class Model
{
    /// <summary>Metadata key of the names of the head's parameters, one a line.</summary>
    public const string HeadKey = "onnxft.head";

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
}
