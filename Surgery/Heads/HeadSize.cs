namespace OnnxFineTune.Surgery;

/// <summary>Checks the sizes in a head's description.</summary>
internal static class HeadSize
{
    /// <exception cref="GraphException">The size is less than 1.</exception>
    public static void Check(int size, string what)
    {
        if (size < 1)
            throw new GraphException($"A head with {size} {what} is not possible: it needs at least 1.");
    }
}
