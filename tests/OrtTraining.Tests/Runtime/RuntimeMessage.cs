using System.Text.Json.Serialization;

namespace OnnxFineTune.OrtTraining.Tests;

/// <summary>A tensor or file that follows the header of a message.</summary>
/// <param name="Type">JavaScript's name of the element type; <c>uint8</c> for plain bytes.</param>
/// <param name="Dims">The shape.</param>
/// <param name="Bytes">Length in bytes.</param>
internal sealed record MessagePart(
    [property: JsonPropertyName("type")] string Type, [property: JsonPropertyName("dims")] IReadOnlyList<long> Dims, [property: JsonPropertyName("bytes")] int Bytes);

/// <summary>The header of a request.</summary>
internal sealed record RequestHeader(
    [property: JsonPropertyName("op")] string Operation, [property: JsonPropertyName("parts")] IReadOnlyList<MessagePart> Parts, [property: JsonPropertyName("trainableOnly")] bool TrainableOnly);

/// <summary>The header of a reply: names of inputs after a session was opened, or the text of an error.</summary>
internal sealed record ReplyHeader
{
    [JsonPropertyName("error")]
    public string? Error { get; init; }

    [JsonPropertyName("parts")]
    public IReadOnlyList<MessagePart> Parts { get; init; } = [];

    [JsonPropertyName("trainingInputs")]
    public IReadOnlyList<string> TrainingInputs { get; init; } = [];

    [JsonPropertyName("evaluationInputs")]
    public IReadOnlyList<string> EvaluationInputs { get; init; } = [];
}
