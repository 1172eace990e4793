using System.Text.Json;
using System.Text.Json.Serialization;

namespace OnnxFineTune.Surgery;

/// <summary>What a model's metadata say of its adapters.</summary>
/// <param name="Rank">Rank of each adapter.</param>
/// <param name="Alpha">What is added is multiplied by alpha/rank.</param>
/// <param name="Weights">Names of the weights that have one, in the order of the nodes that read them.</param>
internal sealed record AdapterSettings(int Rank, float Alpha, IReadOnlyList<string> Weights)
{
    /// <summary>alpha/rank.</summary>
    [JsonIgnore]
    public float Scale => Alpha / Rank;

    /// <summary>Reads what <see cref="ToJson"/> wrote.</summary>
    /// <exception cref="GraphException">The text is no such thing.</exception>
    public static AdapterSettings Read(string json)
    {
        try
        {
            if (JsonSerializer.Deserialize(json, AdapterJson.Default.AdapterSettings) is { Rank: > 0, Weights: not null } settings)
                return settings;
        }
        catch (JsonException e)
        {
            throw new GraphException($"The model's metadata '{Model.AdaptersKey}' cannot be read: {e.Message} Take a file that this program has written.", e);
        }
        throw new GraphException($"The model's metadata '{Model.AdaptersKey}' says nothing of adapters. Take a file that this program has written.");
    }

    /// <summary>As JSON.</summary>
    public string ToJson() => JsonSerializer.Serialize(this, AdapterJson.Default.AdapterSettings);
}
