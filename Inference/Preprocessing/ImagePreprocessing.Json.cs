using System.Text.Json;
using System.Text.Json.Serialization;

namespace OnnxFineTune.Inference;

public sealed partial record ImagePreprocessing
{
    /// <summary>The settings as one line of JSON; equal settings give equal text.</summary>
    public string ToJson() => JsonSerializer.Serialize(this, PreprocessingJson.Default.ImagePreprocessing);

    /// <summary>Settings from JSON as <see cref="ToJson"/> writes it; those left out keep their defaults.</summary>
    /// <exception cref="FormatException">The text is no such JSON, or holds a setting that this version does not know.</exception>
    public static ImagePreprocessing FromJson(string json)
    {
        try
        {
            ImagePreprocessing result = JsonSerializer.Deserialize(json, PreprocessingJson.Default.ImagePreprocessing)
                ?? throw new FormatException("The image preprocessing is the JSON null.");
            result.Validate();
            return result;
        }
        catch (Exception e) when (e is JsonException or ArgumentException)
        {
            throw new FormatException($"The image preprocessing cannot be read: {e.Message} It may come from a later version of this library; update it, or state the preprocessing.", e);
        }
    }
}

/// <summary>How <see cref="ImagePreprocessing"/> is written: camel case, enumerations by name, unknown members refused.</summary>
[JsonSourceGenerationOptions(PropertyNamingPolicy = JsonKnownNamingPolicy.CamelCase, UseStringEnumConverter = true, IgnoreReadOnlyProperties = true,
    UnmappedMemberHandling = JsonUnmappedMemberHandling.Disallow, RespectNullableAnnotations = true)]
[JsonSerializable(typeof(ImagePreprocessing))]
[JsonSerializable(typeof(IReadOnlyList<string>))]
internal sealed partial class PreprocessingJson : JsonSerializerContext;
