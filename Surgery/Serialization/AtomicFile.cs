namespace OnnxFineTune.Surgery.Serialization;

/// <summary>
/// A file that appears under its name only when it is complete: it is written under a temporary name in the same folder and then renamed.
/// Whatever goes wrong before leaves an existing file as it was, and nothing else behind.
/// </summary>
internal sealed class AtomicFile : IDisposable
{
    private const int BufferSize = 1 << 18;      // larger writes go straight to the file
    private const int WriteSize = 1 << 20;       // measured: one write of all of a mapped file takes twice as long

    private readonly string _path;
    private readonly string _temporary;
    private readonly FileStream _stream;

    /// <summary>Starts a file.</summary>
    /// <param name="path">Where it is to appear; a link is followed.</param>
    /// <param name="length">Its length, so that a full disk shows before anything is written.</param>
    public AtomicFile(string path, long length)
    {
        FileInfo file = new(path);
        _path = file.LinkTarget is null ? file.FullName : file.ResolveLinkTarget(returnFinalTarget: true)!.FullName;
        _temporary = Path.Combine(Path.GetDirectoryName(_path)!, $".{Path.GetFileName(_path)}.{Path.GetRandomFileName()}.tmp");
        FileStreamOptions options = new() { Mode = FileMode.CreateNew, Access = FileAccess.Write, Share = FileShare.None, BufferSize = BufferSize, PreallocationSize = length };
        if (!OperatingSystem.IsWindows() && File.Exists(_path))
            options.UnixCreateMode = File.GetUnixFileMode(_path);
        _stream = new FileStream(_temporary, options);
    }

    /// <summary>Appends to the file.</summary>
    public void Write(IEnumerable<ReadOnlyMemory<byte>> pieces)
    {
        foreach (ReadOnlyMemory<byte> piece in pieces)
            for (int done = 0; done < piece.Length; done += WriteSize)
                _stream.Write(piece.Span.Slice(done, Math.Min(WriteSize, piece.Length - done)));
    }

    /// <summary>Lets the file appear under its name.</summary>
    public void Commit()
    {
        _stream.Dispose();
        try
        {
            File.Move(_temporary, _path, overwrite: true);
        }
        catch (Exception e) when (OperatingSystem.IsWindows() && e is IOException or UnauthorizedAccessException && File.Exists(_path))
        {
            MoveAside();
        }
    }

    /// <summary>Removes what was not committed.</summary>
    public void Dispose()
    {
        try
        {
            _stream.Dispose();      // flushes, and so can fail where a write failed
        }
        finally
        {
            File.Delete(_temporary);
        }
    }

    /// <summary>Windows does not replace a file that is mapped, but renames it; the old file goes when nothing maps it any more.</summary>
    private void MoveAside()
    {
        string aside = _temporary + ".old";
        File.Move(_path, aside);
        try
        {
            File.Move(_temporary, _path);
        }
        catch
        {
            File.Move(aside, _path);
            throw;
        }
        try
        {
            File.Delete(aside);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            // Still mapped: the model that was loaded from it goes on reading it.
        }
    }
}
