namespace OnnxFineTune.Surgery;

/// <summary>A repeating unit of a network, as <see cref="Blocks"/> finds it: a residual block, a fire module, an encoder layer.</summary>
/// <param name="Number">Its number from the input, 1 for the first.</param>
/// <param name="From">The value at which it begins: all data flows through it, but for features that a dense layer reads and passes on as they are.</param>
/// <param name="Parameters">Names of the parameters in it, in the order in which they are read; one that an earlier block reads too is listed there.</param>
/// <param name="ParameterCount">Numbers in them.</param>
public sealed record Block(int Number, string From, IReadOnlyList<string> Parameters, long ParameterCount);
