using OnnxFineTune.Surgery;

namespace OnnxFineTune.Training;

/// <summary>
/// Gradient of Einsum, by an Einsum for each operand: the product of dL/dY and all other operands, summed over the labels that the operand does not have.
/// </summary>
internal sealed class EinsumGradient
{
    private readonly GraphBuilder _op;
    private readonly ForwardNode _n;
    private readonly Value _g;
    private readonly EinsumEquation _equation;

    private EinsumGradient(GraphBuilder op, ForwardNode n, Value g)
    {
        (_op, _n, _g) = (op, n, g);
        _equation = EinsumEquation.Parse(n.Attributes.String("equation"), [.. n.Node.Inputs.Select(x => n.RankOf(x!))]);
    }

    /// <summary>Appends the gradients of all operands.</summary>
    public static IReadOnlyList<Value?> Append(GraphBuilder op, ForwardNode n, Value g)
    {
        EinsumGradient gradient = new(op, n, g);
        return [.. n.Node.Inputs.Select((_, i) => n.Needs(i) ? gradient.Of(i) : null)];
    }

    private Value Of(int operand)
    {
        Value x = _n.Node.Inputs[operand]!;
        string own = _equation.Operands[operand];
        int[] others = [.. Enumerable.Range(0, _equation.Operands.Count).Where(i => i != operand)];
        string[] terms = [_equation.Output, .. others.Select(i => _equation.Operands[i])];
        string found = new([.. own.Distinct().Where(label => terms.Any(t => t.Contains(label)))]);
        Value product = _op.Op("Einsum", [_g, .. others.Select(i => _n.Node.Inputs[i])], ("equation", $"{string.Join(",", terms)}->{found}"));
        Dimension[] sizes = [.. found.Select(label => Size(label, operand))];
        return Spread(Diagonal(product, own, found, sizes, x), own, found, sizes, x);
    }

    /// <summary>The size of a label in the product: an operand may have 1 where others have more.</summary>
    private Dimension Size(char label, int except)
    {
        Dimension size = 1;
        for (int i = -1; i < _equation.Operands.Count; i++)
        {
            string labels = i < 0 ? _equation.Output : _equation.Operands[i];
            Shape? shape = i < 0 ? _n.Y.Shape : _n.Node.Inputs[i]!.Shape;
            if (i != except && labels.IndexOf(label, StringComparison.Ordinal) is var axis and >= 0 && size.Value == 1)
                size = shape![axis];
        }
        return size;
    }

    /// <summary>
    /// The product with the axes of the operand: of a label that occurs several times, the diagonal; axes of labels that occur nowhere else have size 1.
    /// </summary>
    private Value Diagonal(Value product, string own, string found, Dimension[] sizes, Value x)
    {
        long[] absent = [.. Enumerable.Range(0, own.Length).Where(i => own.IndexOf(own[i], StringComparison.Ordinal) != i || !found.Contains(own[i])).Select(i => (long)i)];
        Value g = absent.Length == 0 ? product : _op.Unsqueeze(product, absent);
        Dimension[] shape = [.. own.Select((label, i) => absent.Contains(i) ? 1 : sizes[found.IndexOf(label, StringComparison.Ordinal)])];
        for (int i = 0; i < own.Length; i++)
            if (own.IndexOf(own[i], StringComparison.Ordinal) is var first && first != i)
            {
                g = _op.Where(_op.Equal(Count(x, first), Count(x, i)), g, _op.Zero(g));
                (shape[first], shape[i]) = (x.Shape![first], x.Shape![i]);
            }
        g.Shape = new Shape(shape);
        return g;
    }

    /// <summary>0, 1, 2 … along one axis of <paramref name="x"/>, size 1 along the others.</summary>
    private Value Count(Value x, int axis)
    {
        int rank = _n.RankOf(x);
        Value numbers = x.Shape![axis].Value is long size
            ? _op.Longs([.. Enumerable.Range(0, (int)size).Select(i => (long)i)])
            : _op.Range(_op.Long(0), _op.Squeeze(_op.SizeOf(x, axis), 0), _op.Long(1));
        return _op.Reshape(numbers, [.. Enumerable.Range(0, rank).Select(i => i == axis ? -1L : 1)]);
    }

    /// <summary>Undoes the operand's own broadcast, and repeats along axes whose label stands nowhere else, or nowhere else with a size above 1.</summary>
    private Value Spread(Value g, string own, string found, Dimension[] sizes, Value x)
    {
        Value sum = _op.SumTo(g, g.Shape, x);
        bool repeats = own.Where((label, i) => x.Shape![i].Value != 1 && (!found.Contains(label) || sizes[found.IndexOf(label, StringComparison.Ordinal)].Value == 1)).Any();
        return repeats ? _op.Expand(sum, _op.ShapeOf(x)) : sum;
    }
}
