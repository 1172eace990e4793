namespace OnnxFineTune.Surgery;

/// <summary>ONNX Runtime's own operator set.</summary>
internal static class RuntimeDomain
{
    /// <summary>Its name in models.</summary>
    public const string Name = "com.microsoft";
}
