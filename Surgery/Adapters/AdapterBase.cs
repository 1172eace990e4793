using System.Collections.Concurrent;
using System.Security.Cryptography;
using System.Text.Json;

namespace OnnxFineTune.Surgery;

/// <summary>The model that an adapter file belongs to, without its weights.</summary>
/// <param name="Version">Version of this description; 1.</param>
/// <param name="Cut">Name of the value behind which the model was cut, where the head stands.</param>
/// <param name="Weights">A hash of each weight in front of the cut, and of running statistics, by name.</param>
internal sealed record AdapterBase(int Version, string Cut, IReadOnlyDictionary<string, string> Weights)
{
    /// <summary>The version that is written.</summary>
    public const int PresentVersion = 1;

    /// <summary>Describes the layers of a model with adapters that stand in front of its cut.</summary>
    /// <param name="front">Those layers, without adapters.</param>
    /// <param name="cut">Name of their output.</param>
    public static AdapterBase Of(Model front, string cut) => new(PresentVersion, cut, Hashes(Weighty(front)));

    /// <summary>Reads what <see cref="ToJson"/> wrote.</summary>
    /// <exception cref="GraphException">The text is no such thing, or of a later version.</exception>
    public static AdapterBase Read(string json)
    {
        AdapterBase? described = null;
        try
        {
            described = JsonSerializer.Deserialize(json, AdapterJson.Default.AdapterBase);
        }
        catch (JsonException e)
        {
            throw new GraphException($"The adapter's metadata '{LoraAdapter.BaseKey}' cannot be read: {e.Message} Take a file that this program has written.", e);
        }
        return described is { Version: PresentVersion, Cut: not null, Weights: not null } ? described
            : throw new GraphException($"The adapter file is of version {described?.Version}, and this program reads version {PresentVersion}. Use the program that wrote it.");
    }

    /// <summary>As JSON.</summary>
    public string ToJson() => JsonSerializer.Serialize(this, AdapterJson.Default.AdapterBase);

    /// <summary>Refuses another model than the one described.</summary>
    /// <param name="front">The layers in front of the cut.</param>
    /// <exception cref="GraphException">A weight is missing or has other content.</exception>
    public void Check(Model front)
    {
        if (Weights.Keys.FirstOrDefault(n => front.Graph.Find(n)?.Data is null) is { } missing)
            throw new GraphException($"The adapter belongs to another model: this one has no weight '{missing}' in front of '{Cut}'. Take the model that was fine-tuned.");
        IReadOnlyDictionary<string, string> hashes = Hashes(Weights.Keys.Select(front.Graph.Get));
        string[] other = [.. Weights.Where(w => hashes[w.Key] != w.Value).Select(w => w.Key)];
        if (other.Length > 0)
            throw new GraphException($"The adapter belongs to another model: {other.Length} of {Weights.Count} weights have other content than when it was trained, '{other[0]}' for one. Take the model that was fine-tuned.");
    }

    /// <summary>What decides the features: parameters, and the running statistics of BatchNormalization.</summary>
    private static IEnumerable<Value> Weighty(Model front) =>
        Parameters.Of(front).Concat(front.Graph.Initializers.Where(v => v.Uses.Any(u => u is { Node.OpType: "BatchNormalization", Index: 3 or 4 }))).Distinct();

    /// <summary>SHA-256 (FIPS 180-4) of type, shape and elements; computed where the weights lie, on all cores.</summary>
    private static IReadOnlyDictionary<string, string> Hashes(IEnumerable<Value> weights)
    {
        ConcurrentDictionary<string, string> hashes = [];
        Value[] all = [.. weights];
        Parallel.ForEach(all, w => hashes[w.Name] = Hash(w.Data!));
        return all.DistinctBy(w => w.Name).ToDictionary(w => w.Name, w => hashes[w.Name]);
    }

    private static string Hash(TensorData data)
    {
        using IncrementalHash hash = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
        hash.AppendData(System.Text.Encoding.UTF8.GetBytes(data.ToString()));
        hash.AppendData(data.Bytes.Span);
        return Convert.ToBase64String(hash.GetHashAndReset());
    }
}
