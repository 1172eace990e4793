using System.Text.Json.Serialization;

namespace OnnxFineTune.Surgery;

/// <summary>Reads and writes the metadata of adapters.</summary>
[JsonSourceGenerationOptions(PropertyNamingPolicy = JsonKnownNamingPolicy.CamelCase)]
[JsonSerializable(typeof(AdapterSettings))]
[JsonSerializable(typeof(AdapterBase))]
internal sealed partial class AdapterJson : JsonSerializerContext;
