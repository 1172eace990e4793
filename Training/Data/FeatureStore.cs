namespace OnnxFineTune.Training;

/// <summary>
/// Features by content hash during one run: in memory up to a limit, the others in a file. The file is the one that stays for the next run, or a temporary one
/// where nothing is to be kept.
/// </summary>
internal sealed class FeatureStore : IDisposable
{
    private readonly Dictionary<ContentHash, float[]?> _rows = [];      // null: only in the file
    private readonly FeatureCacheOptions _options;
    private readonly ContentHash _key;
    private readonly Action<string> _notice;
    private FileStream? _stream;
    private FeatureFile? _file;
    private long _inMemory;

    /// <summary>A store that begins with what an earlier run kept.</summary>
    /// <param name="options">Where and how much to keep.</param>
    /// <param name="key">Hash of everything but the content that decides the features.</param>
    /// <param name="notice">Takes a sentence where kept features cannot be used or written.</param>
    public FeatureStore(FeatureCacheOptions options, ContentHash key, Action<string> notice)
    {
        (_options, _key, _notice) = (options, key, notice);
        if (options.Folder is null || (_stream = FeatureFolder.Open(options.Folder, key, notice)) is null)
            return;
        _file = FeatureFile.Open(_stream, key);
        if (_file is null && _stream.Length > 0)
            notice($"The kept features in '{_stream.Name}' are damaged; they are computed again.");
    }

    /// <summary>Floats of each part of a row; empty as long as there is no row.</summary>
    public IReadOnlyList<int> Lengths { get; private set; } = [];

    /// <summary>Whether the features of this content are here, from this run or an earlier one.</summary>
    public bool Contains(ContentHash hash)
    {
        if (_rows.ContainsKey(hash))
            return true;
        if (_file is null || !_file.Contains(hash))
            return false;
        Lengths = _file.Lengths;
        float[] row = new float[Lengths.Sum()];
        if (!_file.TryRead(hash, row))
        {
            _notice($"Some of the kept features in '{_stream!.Name}' are damaged; they are computed again.");
            return false;
        }
        Keep(hash, row);
        return true;
    }

    /// <summary>Adds rows, one after the other.</summary>
    /// <param name="lengths">Floats of each part of a row.</param>
    public void Add(IReadOnlyList<int> lengths, ReadOnlySpan<ContentHash> hashes, ReadOnlySpan<float> rows)
    {
        Lengths = lengths;
        int length = lengths.Sum();
        bool fits = _inMemory + (long)rows.Length * sizeof(float) <= _options.MemoryLimit;
        if (_stream is null && !fits)
            _stream = FeatureFolder.OpenTemporary();
        if (_stream is not null)
            Write(hashes, rows, fits);
        for (int i = 0; i < hashes.Length; i++)
            Keep(hashes[i], rows.Slice(i * length, length).ToArray());
    }

    /// <summary>The row of this content, null where it lies in the file only.</summary>
    public float[]? InMemory(ContentHash hash) => _rows[hash];

    /// <summary>Reads a row that lies in the file. Safe from several threads once all rows are there.</summary>
    /// <exception cref="DatasetException">The file was changed or the disk fails.</exception>
    public void Read(ContentHash hash, Span<float> destination)
    {
        if (!_file!.TryRead(hash, destination))
            throw new DatasetException($"The features in '{_stream!.Name}' can no longer be read; run again.");
    }

    /// <summary>Gives the file back to other runs as soon as every row is in memory.</summary>
    public void CloseFileWhereNotNeeded()
    {
        if (_stream is not null && !_rows.ContainsValue(null))
            Close();
    }

    /// <summary>Closes the file and brings the folder back to its limit.</summary>
    public void Dispose() => Close();

    private void Write(ReadOnlySpan<ContentHash> hashes, ReadOnlySpan<float> rows, bool inMemoryToo)
    {
        try
        {
            _file ??= FeatureFile.Create(_stream!, _key, Lengths);
            _file.Append(hashes, rows);
        }
        catch (IOException e) when (inMemoryToo && !_rows.ContainsValue(null))
        {
            _notice($"Features are not kept for the next run: '{_stream!.Name}' cannot be written ({e.Message.TrimEnd('.')}).");
            Close();
        }
        catch (IOException e)
        {
            throw new DatasetException($"The features do not fit the memory limit and '{_stream!.Name}' cannot be written ({e.Message.TrimEnd('.')}). " +
                "Make room, set another folder, or raise the memory limit of the feature cache.", e);
        }
    }

    private void Keep(ContentHash hash, float[] row)
    {
        long bytes = (long)row.Length * sizeof(float);
        bool fits = _file is null || _inMemory + bytes <= _options.MemoryLimit;
        _rows[hash] = fits ? row : null;
        if (fits)
            _inMemory += bytes;
    }

    private void Close()
    {
        if (_stream is null)
            return;
        _stream.Dispose();
        (_stream, _file) = (null, null);
        if (_options.Folder is { } folder && Directory.Exists(folder))
            FeatureFolder.Evict(folder, _options.DiskLimit);
    }
}
