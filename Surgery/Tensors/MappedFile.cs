using System.Buffers;
using System.IO.MemoryMappedFiles;

namespace OnnxFineTune.Surgery;

/// <summary>
/// A file mapped into memory for reading. Tensors of several models may share it, so nobody closes it: it is unmapped some time after
/// the last <see cref="Memory{T}"/> over it is gone.
/// </summary>
internal sealed unsafe class MappedFile
{
    /// <summary>A span, unlike a memory, does not keep the mapping alive; whoever still reads one through a dropped tensor has this long.</summary>
    private const long GraceMilliseconds = 60_000;

    private readonly MemoryMappedViewAccessor _view;
    private readonly byte* _start;
    private long _unreachableSince;

    private MappedFile(MemoryMappedViewAccessor view, long length)
    {
        _view = view;
        Length = length;
        _view.SafeMemoryMappedViewHandle.AcquirePointer(ref _start);     // holds the view open until ReleasePointer
    }

    ~MappedFile()
    {
        if (_unreachableSince == 0)
            _unreachableSince = Environment.TickCount64;
        if (_start is null)
            return;
        if (Environment.TickCount64 - _unreachableSince < GraceMilliseconds)
            GC.ReRegisterForFinalize(this);
        else
            _view.SafeMemoryMappedViewHandle.ReleasePointer();
    }

    /// <summary>Bytes of the file.</summary>
    public long Length { get; }

    /// <summary>Maps a file that is not empty.</summary>
    /// <exception cref="IOException">The file cannot be opened.</exception>
    public static MappedFile Open(string path)
    {
        // Others may delete or rename the file: the mapping keeps what it had.
        using FileStream stream = new(path, FileMode.Open, FileAccess.Read, FileShare.Read | FileShare.Delete, bufferSize: 0);
        long length = stream.Length;
        using MemoryMappedFile file = MemoryMappedFile.CreateFromFile(stream, null, length, MemoryMappedFileAccess.Read, HandleInheritability.None, leaveOpen: true);
        return new MappedFile(file.CreateViewAccessor(0, length, MemoryMappedFileAccess.Read), length);
    }

    /// <summary>Part of the file, without a copy.</summary>
    public ReadOnlyMemory<byte> Slice(long offset, int length)
    {
        ArgumentOutOfRangeException.ThrowIfNegative(offset);
        ArgumentOutOfRangeException.ThrowIfNegative(length);
        ArgumentOutOfRangeException.ThrowIfGreaterThan(length, Length - offset);
        return new Part(this, offset, length).Memory;
    }

    private sealed class Part(MappedFile file, long offset, int length) : MemoryManager<byte>
    {
        public override Span<byte> GetSpan() => new(file._start + offset, length);

        public override MemoryHandle Pin(int elementIndex = 0) => new(file._start + offset + elementIndex, default, this);

        public override void Unpin()
        {
        }

        protected override void Dispose(bool disposing)
        {
        }
    }
}
