using Google.Protobuf.Collections;

namespace OnnxFineTune.Surgery.Serialization;

/// <summary>Writes a dictionary over the list of entries that it was read from.</summary>
internal static class KeyedEntries
{
    /// <summary>
    /// Entries whose key is gone are dropped, those with another value get it, new ones come at the end. Order and duplicate keys, of
    /// which the last counts, stay as they were.
    /// </summary>
    public static void Write<TEntry, TValue>(
        RepeatedField<TEntry> entries, IDictionary<string, TValue> present, Func<TEntry, string> key, Func<TEntry, TValue> value,
        Action<TEntry, TValue> set, Func<string, TEntry> create)
    {
        Dictionary<string, TValue> read = [];
        foreach (TEntry entry in entries)
            read[key(entry)] = value(entry);
        TEntry[] kept = [.. entries.Where(e => present.ContainsKey(key(e)))];
        entries.Clear();
        entries.AddRange(kept);
        foreach (TEntry entry in kept)
            if (!Equals(read[key(entry)], present[key(entry)]))
                set(entry, present[key(entry)]);
        foreach ((string name, TValue content) in present)
        {
            if (read.ContainsKey(name))
                continue;
            TEntry entry = create(name);
            set(entry, content);
            entries.Add(entry);
        }
    }
}
