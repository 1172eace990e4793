namespace OnnxFineTune.Surgery;

/// <summary>Whether weights are written to a file of their own beside the model.</summary>
public enum ExternalData
{
    /// <summary>Only where the model would exceed 2 GB, which the file format cannot hold.</summary>
    Auto,
    /// <summary>Always.</summary>
    Always,
    /// <summary>Never; a model over 2 GB is an error.</summary>
    Never,
}

/// <summary>How a model is written.</summary>
public sealed record SaveOptions
{
    /// <summary>Whether weights go to <c>&lt;name&gt;.onnx.data</c>; by default only over 2 GB.</summary>
    public ExternalData ExternalData { get; init; } = ExternalData.Auto;

    /// <summary>Initializers of fewer bytes stay in the model even where there is external data; 1024 by default.</summary>
    public long ExternalThreshold { get; init; } = 1024;

    /// <summary>The largest model file in bytes; protobuf's limit.</summary>
    internal long InlineLimit { get; init; } = int.MaxValue;
}
