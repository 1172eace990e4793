using System.Text.Json;

namespace OnnxFineTune.Inference;

public sealed partial record ImagePreprocessing
{
    /// <summary>The settings as one line of JSON; equal settings give equal text.</summary>
    public string ToJson() => JsonSerializer.Serialize(PreprocessingSettings.Of(this), MetadataJson.Default.PreprocessingSettings);

    /// <summary>Settings from JSON as <see cref="ToJson"/> writes it; those left out keep their defaults.</summary>
    /// <exception cref="FormatException">The text is no such JSON, or holds a setting that this version does not know.</exception>
    public static ImagePreprocessing FromJson(string json)
    {
        try
        {
            PreprocessingSettings settings = JsonSerializer.Deserialize(json, MetadataJson.Default.PreprocessingSettings) ?? throw new JsonException("It is the JSON null.");
            ImagePreprocessing result = settings.ToPreprocessing();
            result.Validate();
            return result;
        }
        catch (Exception e) when (e is JsonException or ArgumentException)
        {
            throw new FormatException(
                $"The image preprocessing cannot be read: {e.Message} It may come from a later version of this library; update it, or state the preprocessing.", e);
        }
    }
}
