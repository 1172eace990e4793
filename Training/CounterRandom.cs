using OnnxFineTune.Surgery;

namespace OnnxFineTune.Training;

/// <summary>
/// Random integers as a function of position, step, stream and seed, in integer arithmetic of standard operators: the same on every runtime and machine, in any order of
/// steps, with no state to save.
/// </summary>
/// <remarks>
/// The number at position i is f(a·i + b) with f(x) = x⁵ mod p and p = 2³¹ − 1. Since 5 does not divide p − 1, f is a permutation, so that each number is as likely as any
/// other; being of degree 5, its values along i lie as evenly as random ones do (Weil's bound on exponential sums; Niederreiter, Random Number Generation and Quasi-Monte
/// Carlo Methods, chapter 8). a and b come from step, stream and seed through f as well, so that two steps do not share a shifted row of numbers.
/// A number takes about 15 ns on one core; the generator of the Dropout operator takes a third of it.
/// </remarks>
internal sealed class CounterRandom
{
    /// <summary>Numbers are from 0 to below this, a prime.</summary>
    public const long Range = int.MaxValue;

    private const long StepFactor = 742_938_285, SeedFactor = 950_706_376, StreamFactor = 1_226_874_159;      // spread what counts up by one
    private readonly GraphBuilder _op;
    private readonly Value _a, _b, _p;

    /// <param name="op">Appends to the graph.</param>
    /// <param name="step">int64 [1].</param>
    /// <param name="seed">Any number.</param>
    /// <param name="stream">A number for each use within a graph.</param>
    public CounterRandom(GraphBuilder op, Value step, int seed, int stream)
    {
        _op = op;
        _p = op.Long(Range);
        long start = (SeedFactor * ((uint)seed % Range) % Range + StreamFactor * (stream + 1L)) % Range;
        Value key = Permute(Mod(op.Add(op.Mul(Mod(step), op.Long(StepFactor)), op.Long(start))));
        _b = Permute(Mod(op.Add(key, op.Long(StreamFactor))));
        _a = op.Add(op.Op("Mod", [key, op.Long(Range - 1)]), op.Long(1));       // not a multiple of p
    }

    /// <summary>Numbers, int64, of the shape of <paramref name="x"/>; at most 2³¹ − 1 of them.</summary>
    public Value Like(Value x)
    {
        Value position = _op.Range(_op.Long(0), _op.Size(x), _op.Long(1));
        Value numbers = _op.Reshape(Permute(Mod(_op.Add(_op.Mul(position, _a), _b))), _op.ShapeOf(x));
        numbers.Shape = x.Shape;
        return numbers;
    }

    private Value Permute(Value x)
    {
        Value square = Mod(_op.Mul(x, x));
        return Mod(_op.Mul(Mod(_op.Mul(square, square)), x));
    }

    /// <summary>Not negative, whatever the sign: the operator's integer form has the divisor's.</summary>
    private Value Mod(Value x) => _op.Op("Mod", [x, _p]);
}
