using System.Text.Json;
using System.Text.Json.Serialization;

namespace OnnxFineTune.Inference;

public sealed partial record ImagePreprocessing
{
    // Not source-generated: generated readers set init properties that the text leaves out to zero instead of their default.
    private static readonly JsonSerializerOptions JsonOptions = new()
    {
        PropertyNamingPolicy = JsonNamingPolicy.CamelCase,
        IgnoreReadOnlyProperties = true,
        UnmappedMemberHandling = JsonUnmappedMemberHandling.Disallow,
        RespectNullableAnnotations = true,
        Converters = { new JsonStringEnumConverter(allowIntegerValues: false) },
    };

    /// <summary>The settings as one line of JSON; equal settings give equal text.</summary>
    public string ToJson() => JsonSerializer.Serialize(this, JsonOptions);

    /// <summary>Settings from JSON as <see cref="ToJson"/> writes it; those left out keep their defaults.</summary>
    /// <exception cref="FormatException">The text is no such JSON, or holds a setting that this version does not know.</exception>
    public static ImagePreprocessing FromJson(string json)
    {
        try
        {
            ImagePreprocessing result = JsonSerializer.Deserialize<ImagePreprocessing>(json, JsonOptions) ?? throw new JsonException("It is the JSON null.");
            result.Validate();
            return result;
        }
        catch (Exception e) when (e is JsonException or ArgumentException)
        {
            throw new FormatException($"The image preprocessing cannot be read: {e.Message} It may come from a later version of this library; update it, or state the preprocessing.", e);
        }
    }
}
