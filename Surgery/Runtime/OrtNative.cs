using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using Microsoft.ML.OnnxRuntime;

namespace OnnxFineTune.Surgery;

/// <summary>The functions of ONNX Runtime's C API that its C# classes do not offer.</summary>
internal static unsafe class OrtNative
{
    private const uint ApiVersion = 13;      // the first with GetTrainingApi; later versions only append

    private static readonly OrtApi* Api = GetApi();

    /// <summary>Whether the native library is a training build: the others have no training functions.</summary>
    public static bool CanTrain { get; } = ((delegate* unmanaged<uint, nint>)Api->GetTrainingApi)(ApiVersion) != 0;

    /// <summary>Where the elements of a CPU tensor lie.</summary>
    public static void* GetTensorData(OrtValue value)
    {
        void* data;
        Check(((delegate* unmanaged<nint, void**, nint>)Api->GetTensorMutableData)(Handle(value), &data));
        GC.KeepAlive(value);
        return data;
    }

    /// <summary>A copy of native session options, owned by the caller.</summary>
    public static nint CloneSessionOptions(SessionOptions options)
    {
        nint copy;
        Check(((delegate* unmanaged<nint, nint*, nint>)Api->CloneSessionOptions)(options.DangerousGetHandle(), &copy));
        GC.KeepAlive(options);
        return copy;
    }

    /// <summary>Frees native session options.</summary>
    public static void ReleaseSessionOptions(nint options) => ((delegate* unmanaged<nint, void>)Api->ReleaseSessionOptions)(options);

    /// <summary>Gives initializers, which the model must list as external data, the elements that they have in memory.</summary>
    public static void AddExternalInitializers(SessionOptions options, IReadOnlyList<string> names, IReadOnlyList<OrtValue> values)
    {
        nint[] texts = [.. names.Select(Marshal.StringToCoTaskMemUTF8)];
        nint[] handles = [.. values.Select(v => Handle(v))];
        try
        {
            fixed (nint* text = texts, handle = handles)
                Check(((delegate* unmanaged<nint, nint*, nint*, nuint, nint>)Api->AddExternalInitializers)(options.DangerousGetHandle(), text, handle, (nuint)handles.Length));
        }
        finally
        {
            Array.ForEach(texts, Marshal.FreeCoTaskMem);
        }
        GC.KeepAlive(values);
    }

    [UnsafeAccessor(UnsafeAccessorKind.Method, Name = "get_Handle")]
    private static extern nint Handle(OrtValue value);

    private static void Check(nint status)
    {
        if (status == 0)
            return;
        string? message = Marshal.PtrToStringUTF8(((delegate* unmanaged<nint, nint>)Api->GetErrorMessage)(status));
        ((delegate* unmanaged<nint, void>)Api->ReleaseStatus)(status);
        throw new GraphException($"ONNX Runtime reports: {message}");
    }

    private static OrtApi* GetApi() => ((delegate* unmanaged<uint, OrtApi*>)OrtGetApiBase()->GetApi)(ApiVersion);

    [DllImport("onnxruntime")]
    private static extern OrtApiBase* OrtGetApiBase();
}
