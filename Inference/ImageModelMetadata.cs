using System.Text.Json;
using OnnxFineTune.Surgery;

namespace OnnxFineTune.Inference;

/// <summary>What an image model carries in its metadata: the names of its classes and its preprocessing.</summary>
public static class ImageModelMetadata
{
    /// <summary>Metadata key of the labels, a JSON array of strings.</summary>
    public const string LabelsKey = Model.LabelsKey;

    /// <summary>Metadata key of the preprocessing, a JSON object.</summary>
    public const string PreprocessingKey = "onnxft.preprocessing";

    /// <summary>The names of the classes in output order, or null where the model carries none.</summary>
    /// <exception cref="GraphException">The metadata is not a JSON array of strings.</exception>
    public static IReadOnlyList<string>? GetLabels(this Model model)
    {
        if (!model.Metadata.TryGetValue(LabelsKey, out string? json))
            return null;
        try
        {
            if (JsonSerializer.Deserialize(json, MetadataJson.Default.StringArray) is { } labels && Array.TrueForAll(labels, l => l is not null))
                return labels;
        }
        catch (JsonException e)
        {
            throw Unreadable(e);
        }
        throw Unreadable(null);
    }

    /// <summary>Stores the names of the classes in output order.</summary>
    public static void SetLabels(this Model model, IReadOnlyList<string> labels) =>
        model.Metadata[LabelsKey] = JsonSerializer.Serialize([.. labels], MetadataJson.Default.StringArray);

    /// <summary>The preprocessing that the model was trained with, or null where it carries none.</summary>
    /// <exception cref="GraphException">The metadata cannot be read, for example because a later version wrote it.</exception>
    public static ImagePreprocessing? GetPreprocessing(this Model model)
    {
        try
        {
            return model.Metadata.TryGetValue(PreprocessingKey, out string? json) ? ImagePreprocessing.FromJson(json) : null;
        }
        catch (FormatException e)
        {
            throw new GraphException($"The model's metadata '{PreprocessingKey}' is not understood. {e.Message}", e);
        }
    }

    /// <summary>Stores the preprocessing that the model takes its pictures in.</summary>
    public static void SetPreprocessing(this Model model, ImagePreprocessing preprocessing) =>
        model.Metadata[PreprocessingKey] = preprocessing.ToJson();

    private static GraphException Unreadable(Exception? cause)
    {
        string message = $"The model's metadata '{LabelsKey}' is not a JSON array of strings. State the labels, or repair it.";
        return cause is null ? new GraphException(message) : new GraphException(message, cause);
    }
}
