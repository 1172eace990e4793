using System.Runtime.InteropServices;
using Microsoft.ML.OnnxRuntime;
using OnnxFineTune.Surgery;

namespace OnnxFineTune.Training.Tests;

/// <summary>The graph of a <see cref="GradientCase"/>: the operator, L = Σ Y·C with fed cotangents C, and, where asked, dL/dX, in one element type.</summary>
internal sealed class CaseModel
{
    private readonly GradientCase _case;
    private readonly ElementType _type;
    private readonly GraphBuilder _op = new(new Graph("case"));
    private readonly Dictionary<int, Value> _trained = [];
    private readonly Dictionary<int, Value> _outputs = [];

    private CaseModel(GradientCase c, ElementType type, bool batch, bool writeOut)
    {
        (_case, _type) = (c, type);
        Model = new Model(_op.Graph) { Opset = c.Opset, IrVersion = c.Opset > GraphBuilder.WorkingOpset ? 13 : 10, OpsetImports = { [c.Domain] = c.Domain.Length > 0 ? 1 : c.Opset } };
        Node node = _op.Node(c.Operator, [.. Enumerable.Range(0, c.InputCount).Select(i => Input(i, batch))], c.Outputs, c.Attributes);
        node.Domain = c.Domain;
        _op.Graph.SetOutputs([.. node.Outputs.OfType<Value>()]);
        InferShapes.Run(Model);
        int[] used = [.. Enumerable.Range(0, c.Outputs).Where(i => !c.Unused.Contains(i))];
        string[] names = [.. node.Outputs.Select(o => o!.Name)];
        while (writeOut && WriteOut.Run(_op.Graph, [.. _op.Graph.Nodes]))
            InferShapes.Run(Model);
        bool[] isFloat = [.. names.Select(n => _op.Graph.Get(n).ElementType.IsFloatingPoint())];
        foreach (int i in used.Where(i => isFloat[i] || !used.Any(u => isFloat[u])))
            _outputs[i] = _op.Graph.Get(names[i]);
        _op.Graph.SetOutputs([.. _outputs.Values]);
    }

    /// <summary>The model.</summary>
    public Model Model { get; }

    /// <summary>The operator alone, with the outputs that take part in the loss as outputs.</summary>
    public static CaseModel Forward(GradientCase c, ElementType type) => new(c, type, batch: false, writeOut: c.FailsInDouble && type == ElementType.Double);

    /// <summary>The operator, the loss and the gradients.</summary>
    /// <param name="batch">Whether the first dimension of the trained inputs is unknown before the run.</param>
    /// <param name="kernels">The operators of the gradients.</param>
    public static CaseModel Backward(GradientCase c, ElementType type, bool batch, GradientKernels kernels = GradientKernels.Standard)
    {
        CaseModel result = new(c, type, batch, writeOut: c.Domain.Length > 0 || !GradientRules.All.ContainsKey(c.Operator));
        result.AppendGradients(kernels);
        return result;
    }

    /// <summary>Whether the model has a gradient of any input.</summary>
    public bool HasGradients => Model.Graph.Outputs.Any(o => o.Name.StartsWith('d'));

    /// <summary>Runs the model.</summary>
    /// <param name="inputs">Elements of trained inputs and, for a model with gradients, cotangents.</param>
    /// <returns>Elements of outputs (<c>y0</c> …) and gradients (<c>d0</c> …).</returns>
    public Dictionary<string, double[]> Run(InferenceSession session, IReadOnlyDictionary<int, double[]> inputs, IReadOnlyDictionary<int, double[]> cotangents)
    {
        Dictionary<string, OrtValue> feeds = Feeds(inputs, cotangents).ToDictionary(f => f.Key, f => f.Value.ToOrtValue());
        using RunOptions options = new();
        using IDisposableReadOnlyCollection<OrtValue> results = session.Run(options, feeds, session.OutputNames);
        foreach (OrtValue feed in feeds.Values)
            feed.Dispose();
        return session.OutputNames.Zip(results).ToDictionary(r => r.First, r => ToDoubles(r.Second.ToTensorData()));
    }

    /// <summary>Inputs of the model by name.</summary>
    /// <param name="inputs">Elements of trained inputs.</param>
    /// <param name="cotangents">Elements of dL/dY.</param>
    public Dictionary<string, TensorData> Feeds(IReadOnlyDictionary<int, double[]> inputs, IReadOnlyDictionary<int, double[]> cotangents) => inputs
        .Select(i => ($"x{i.Key}", Tensor(i.Value, _case.Shapes[i.Key]!, _type)))
        .Concat(cotangents.Select(c => ($"c{c.Key}", Tensor(c.Value, [c.Value.Length], _type))))
        .ToDictionary(f => f.Item1, f => f.Item2);

    /// <summary>Shape of each output that takes part in the loss.</summary>
    public IReadOnlyDictionary<int, Shape> OutputShapes => _outputs.ToDictionary(o => o.Key, o => o.Value.Shape!);

    private Value? Input(int index, bool batch)
    {
        if (_case.Constants.TryGetValue(index, out TensorData? constant))
            return _op.Graph.AddInitializer($"k{index}", Typed(constant));
        if (_case.Computed.TryGetValue(index, out TensorData? computed))
            return _op.Identity(_op.Graph.AddInitializer($"k{index}", Typed(computed)));
        if (index >= _case.Shapes.Length || _case.Shapes[index] is not { } dimensions)
            return null;
        Shape shape = Shape.Of(dimensions);
        bool inBatch = batch && dimensions.Length == _case.Shapes[0]!.Length && dimensions[0] == _case.Shapes[0]![0];
        Value input = _trained[index] = _op.Graph.AddInput($"x{index}", _type, inBatch ? shape.With(0, Dimension.Named("N")) : shape);
        return _case.Quantized.TryGetValue(index, out double scale) ? _op.Op("QuantizeLinear", [input, _op.Scalar(scale, input)]) : input;
    }

    private void AppendGradients(GradientKernels kernels)
    {
        Graph graph = _op.Graph;
        List<Value> parts = [];
        foreach ((int i, Value output) in _outputs)
        {
            graph.Rename(output, $"y{i}");
            Shape elements = new(Dimension.Named($"elements{i}"));
            Value y = Shaped(_op.Reshape(Shaped(_op.Cast(output, _type), output.Shape!), -1), elements);
            Value product = Shaped(_op.Mul(y, graph.AddInput($"c{i}", _type, elements)), elements);
            parts.Add(Shaped(_op.ReduceSum(product, [], keepDims: false), Shape.Scalar));
        }
        Value loss = Shaped(_op.Sum(parts), Shape.Scalar);
        IReadOnlyDictionary<Value, Value> gradients = Differentiation.Append(_op, loss, [.. _trained.Values], kernels);
        foreach ((int i, Value input) in _trained)
            if (gradients.TryGetValue(input, out Value? gradient))
                graph.AddOutput(NamedCopy(gradient, $"d{i}"));
        RemoveUnused.Run(graph);
        NativeKernels.Import(Model);
    }

    private static Value Shaped(Value value, Shape shape)
    {
        value.Shape = shape;
        return value;
    }

    /// <summary>Under a name of its own, since two inputs may share one gradient.</summary>
    private Value NamedCopy(Value value, string name)
    {
        Value copy = _op.Identity(value);
        _op.Graph.Rename(copy, name);
        return copy;
    }

    private TensorData Typed(TensorData data) => data.ElementType.IsFloatingPoint() && data.ElementType != _type
        ? Tensor(Array.ConvertAll(data.ToFloats(), v => (double)v), data.Shape.ToArray(), _type)
        : data;

    private static TensorData Tensor(double[] elements, long[] shape, ElementType type) => TensorData.FromBytes(type, Shape.Of(shape),
        type == ElementType.Double ? MemoryMarshal.AsBytes(elements.AsSpan()).ToArray() : MemoryMarshal.AsBytes(Array.ConvertAll(elements, v => (float)v).AsSpan()).ToArray());

    private static double[] ToDoubles(TensorData data) => data.ElementType == ElementType.Double
        ? data.Span<double>().ToArray()
        : Array.ConvertAll(data.ToFloats(), v => (double)v);
}
