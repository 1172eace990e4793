using System.Buffers.Binary;
using System.Diagnostics;
using System.Text;
using System.Text.Json;
using OnnxFineTune.Surgery;

namespace OnnxFineTune.OrtTraining.Tests;

/// <summary>A process of Node with ONNX Runtime's training build in it: <c>host.mjs</c>, whose messages go over its standard input and output.</summary>
internal sealed class WasmRuntime : IDisposable
{
    private readonly Process _process;
    private readonly StringBuilder _complaints = new();

    /// <summary>Starts Node.</summary>
    /// <exception cref="AssertInconclusiveException">Node or the package is absent, and need not be there.</exception>
    public WasmRuntime()
    {
        string host = RuntimePresence.Host;
        _process = Process.Start(new ProcessStartInfo("node", [host])
        {
            RedirectStandardInput = true,
            RedirectStandardOutput = true,
            RedirectStandardError = true,
        })!;
        _process.ErrorDataReceived += (_, line) =>
        {
            lock (_complaints)
                _complaints.AppendLine(line.Data);
        };
        _process.BeginErrorReadLine();
    }

    /// <summary>Whether an error or a lost process has left it in a state that no other session should be opened in.</summary>
    public bool IsSpent { get; private set; }

    /// <summary>Sends one request and waits for the reply.</summary>
    /// <exception cref="WasmRuntimeException">The runtime threw; the message is its own.</exception>
    public (ReplyHeader Header, IReadOnlyList<TensorData> Tensors) Call(string operation, IReadOnlyList<TensorData> tensors, bool trainableOnly = false)
    {
        try
        {
            Write(new RequestHeader(operation, [.. tensors.Select(PartOf)], trainableOnly), tensors);
            ReplyHeader header = Read(out IReadOnlyList<TensorData> results);
            return header.Error is null ? (header, results) : throw new WasmRuntimeException(header.Error);
        }
        catch (IOException lost)
        {
            IsSpent = true;
            _process.WaitForExit(TimeSpan.FromSeconds(5));
            lock (_complaints)
                throw new WasmRuntimeException($"Node ended during '{operation}': {lost.Message} {_complaints}");
        }
        catch
        {
            IsSpent = true;
            throw;
        }
    }

    public void Dispose()
    {
        if (!_process.HasExited)
            _process.Kill();
        _process.WaitForExit();
        _process.Dispose();
    }

    private void Write(RequestHeader header, IReadOnlyList<TensorData> tensors)
    {
        Stream stream = _process.StandardInput.BaseStream;
        byte[] text = JsonSerializer.SerializeToUtf8Bytes(header);
        byte[] length = new byte[sizeof(int)];
        BinaryPrimitives.WriteInt32LittleEndian(length, text.Length);
        stream.Write([.. length, .. text]);
        foreach (TensorData tensor in tensors)
            stream.Write(tensor.Bytes.Span);
        stream.Flush();
    }

    private ReplyHeader Read(out IReadOnlyList<TensorData> tensors)
    {
        Stream stream = _process.StandardOutput.BaseStream;
        ReplyHeader header = JsonSerializer.Deserialize<ReplyHeader>(Take(stream, BinaryPrimitives.ReadInt32LittleEndian(Take(stream, sizeof(int)))))!;
        tensors = [.. header.Parts.Select(p => TensorData.FromBytes(ElementTypeOf(p.Type), Shape.Of(p.Dims.ToArray()), Take(stream, p.Bytes)))];
        return header;
    }

    private static byte[] Take(Stream stream, int count)
    {
        byte[] bytes = new byte[count];
        stream.ReadExactly(bytes);
        return bytes;
    }

    private static MessagePart PartOf(TensorData tensor) => new(NameOf(tensor.ElementType), tensor.Shape.ToArray(), checked((int)tensor.ByteLength));

    private static string NameOf(ElementType type) => type switch
    {
        ElementType.Float => "float32",
        ElementType.Int64 => "int64",
        ElementType.UInt8 => "uint8",
        _ => throw new NotSupportedException($"No training artifact of ours takes {type}."),
    };

    private static ElementType ElementTypeOf(string name) => name switch
    {
        "float32" => ElementType.Float,
        "int64" => ElementType.Int64,
        _ => throw new NotSupportedException($"No training artifact of ours gives {name}."),
    };
}
