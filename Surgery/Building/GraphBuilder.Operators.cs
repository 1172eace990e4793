namespace OnnxFineTune.Surgery;

/// <summary>One method per ONNX operator; names, inputs and attributes are the standard's (ONNX Operators.md, operator set 21).</summary>
public sealed partial class GraphBuilder
{
    /// <summary>−x.</summary>
    public Value Neg(Value x) => Op("Neg", [x]);

    /// <summary>|x|.</summary>
    public Value Abs(Value x) => Op("Abs", [x]);

    /// <summary>√x.</summary>
    public Value Sqrt(Value x) => Op("Sqrt", [x]);

    /// <summary>eˣ.</summary>
    public Value Exp(Value x) => Op("Exp", [x]);

    /// <summary>ln x.</summary>
    public Value Log(Value x) => Op("Log", [x]);

    /// <summary>1/x.</summary>
    public Value Reciprocal(Value x) => Op("Reciprocal", [x]);

    /// <summary>Gauss error function.</summary>
    public Value Erf(Value x) => Op("Erf", [x]);

    /// <summary>tanh x.</summary>
    public Value Tanh(Value x) => Op("Tanh", [x]);

    /// <summary>1/(1+e⁻ˣ).</summary>
    public Value Sigmoid(Value x) => Op("Sigmoid", [x]);

    /// <summary>max(x, 0).</summary>
    public Value Relu(Value x) => Op("Relu", [x]);

    /// <summary>−1, 0 or 1.</summary>
    public Value Sign(Value x) => Op("Sign", [x]);

    /// <summary>Largest integer not above.</summary>
    public Value Floor(Value x) => Op("Floor", [x]);

    /// <summary>cos x.</summary>
    public Value Cos(Value x) => Op("Cos", [x]);

    /// <summary>sin x.</summary>
    public Value Sin(Value x) => Op("Sin", [x]);

    /// <summary>Logical not.</summary>
    public Value Not(Value x) => Op("Not", [x]);

    /// <summary>x itself.</summary>
    public Value Identity(Value x) => Op("Identity", [x]);

    /// <summary>x·HardSigmoid(x).</summary>
    public Value HardSwish(Value x) => Op("HardSwish", [x]);

    /// <summary>Mean over all spatial axes: [N, C, …] → [N, C, 1, …].</summary>
    public Value GlobalAveragePool(Value x) => Op("GlobalAveragePool", [x]);

    /// <summary>a + b, broadcast.</summary>
    public Value Add(Value a, Value b) => Op("Add", [a, b]);

    /// <summary>a − b, broadcast.</summary>
    public Value Sub(Value a, Value b) => Op("Sub", [a, b]);

    /// <summary>a · b, broadcast.</summary>
    public Value Mul(Value a, Value b) => Op("Mul", [a, b]);

    /// <summary>a / b, broadcast.</summary>
    public Value Div(Value a, Value b) => Op("Div", [a, b]);

    /// <summary>aᵇ, broadcast.</summary>
    public Value Pow(Value a, Value b) => Op("Pow", [a, b]);

    /// <summary>Matrix product as numpy.matmul.</summary>
    public Value MatMul(Value a, Value b) => Op("MatMul", [a, b]);

    /// <summary>a = b, broadcast, as bool.</summary>
    public Value Equal(Value a, Value b) => Typed(Op("Equal", [a, b]), ElementType.Bool);

    /// <summary>a > b, broadcast, as bool.</summary>
    public Value Greater(Value a, Value b) => Typed(Op("Greater", [a, b]), ElementType.Bool);

    /// <summary>a ≥ b, broadcast, as bool.</summary>
    public Value GreaterOrEqual(Value a, Value b) => Typed(Op("GreaterOrEqual", [a, b]), ElementType.Bool);

    /// <summary>a &lt; b, broadcast, as bool.</summary>
    public Value Less(Value a, Value b) => Typed(Op("Less", [a, b]), ElementType.Bool);

    /// <summary>a ≤ b, broadcast, as bool.</summary>
    public Value LessOrEqual(Value a, Value b) => Typed(Op("LessOrEqual", [a, b]), ElementType.Bool);

    /// <summary>a and b, broadcast, as bool.</summary>
    public Value And(Value a, Value b) => Typed(Op("And", [a, b]), ElementType.Bool);

    /// <summary>a or b, broadcast, as bool.</summary>
    public Value Or(Value a, Value b) => Typed(Op("Or", [a, b]), ElementType.Bool);

    /// <summary>Smallest of a and b, broadcast.</summary>
    public Value Min(Value a, Value b) => Op("Min", [a, b]);

    /// <summary>Largest of a and b, broadcast.</summary>
    public Value Max(Value a, Value b) => Op("Max", [a, b]);

    /// <summary>Sum of any number of values, broadcast.</summary>
    public Value Sum(params IReadOnlyList<Value> values) => values.Count == 1 ? values[0] : Op("Sum", [.. values]);

    /// <summary><paramref name="a"/> where the condition holds, else <paramref name="b"/>, broadcast.</summary>
    public Value Where(Value condition, Value a, Value b) => Typed(Op("Where", [condition, a, b]), a.ElementType);

    /// <summary>max(0, min(1, alpha·x + beta)).</summary>
    public Value HardSigmoid(Value x, float alpha, float beta) => Op("HardSigmoid", [x], ("alpha", alpha), ("beta", beta));

    /// <summary>x limited to [min, max]; null is no limit.</summary>
    public Value Clip(Value x, Value? min, Value? max) => Op("Clip", [x, min, max]);

    /// <summary>The elements in another type.</summary>
    public Value Cast(Value x, ElementType to) => x.ElementType == to ? x : Typed(Op("Cast", [x], ("to", to)), to);

    /// <summary>The elements in the type of <paramref name="like"/>.</summary>
    public Value CastLike(Value x, Value like) =>
        like.ElementType == ElementType.Undefined ? Op("CastLike", [x, like]) : Cast(x, like.ElementType);

    /// <summary>The shape at run time as int64, a Shape node; see <see cref="ShapeOf"/>.</summary>
    public Value Shape_(Value x, long? start = null, long? end = null) =>
        Typed(Op("Shape", [x], ("start", start), ("end", end)), ElementType.Int64);

    /// <summary>Number of elements at run time as an int64 scalar.</summary>
    public Value Size(Value x) => Typed(Op("Size", [x]), ElementType.Int64);

    /// <summary>Another shape for the same elements.</summary>
    public Value Reshape(Value x, Value shape) => Op("Reshape", [x, shape]);

    /// <summary>Another shape for the same elements; −1 is computed, 0 copies the input's dimension.</summary>
    public Value Reshape(Value x, params ReadOnlySpan<long> shape) => Reshape(x, Longs(shape));

    /// <summary>[d0·…, …] with everything before <paramref name="axis"/> in the first dimension and the rest in the second.</summary>
    public Value Flatten(Value x, long axis = 1) => Op("Flatten", [x], ("axis", axis));

    /// <summary>Repeats along dimensions of size 1 to the given shape.</summary>
    public Value Expand(Value x, Value shape) => Op("Expand", [x, shape]);

    /// <summary>Axes in another order; reversed when null.</summary>
    public Value Transpose(Value x, params long[]? permutation) => Op("Transpose", [x], ("perm", permutation is { Length: > 0 } ? permutation : null));

    /// <summary>Without the given axes of size 1.</summary>
    public Value Squeeze(Value x, params ReadOnlySpan<long> axes) => Op("Squeeze", [x, Longs(axes)]);

    /// <summary>With new axes of size 1 at the given places of the result.</summary>
    public Value Unsqueeze(Value x, params ReadOnlySpan<long> axes) => Op("Unsqueeze", [x, Longs(axes)]);

    /// <summary>Values one after the other along an axis.</summary>
    public Value Concat(long axis, params IReadOnlyList<Value> values) => values.Count == 1 ? values[0] : Op("Concat", [.. values], ("axis", axis));

    /// <summary>Parts along an axis, of the given lengths.</summary>
    public IReadOnlyList<Value> Split(Value x, long axis, params ReadOnlySpan<long> lengths) =>
        [.. Node("Split", [x, Longs(lengths)], lengths.Length, ("axis", axis)).Outputs.OfType<Value>()];

    /// <summary>From start to end (exclusive) in steps, along the given axes; int64 vectors.</summary>
    public Value Slice(Value x, Value starts, Value ends, Value axes, Value? steps = null) => Op("Slice", [x, starts, ends, axes, steps]);

    /// <summary>From start to end (exclusive) along one axis.</summary>
    public Value Slice(Value x, long axis, long start, long end, long step = 1) =>
        Slice(x, Longs(start), Longs(end), Longs(axis), step == 1 ? null : Longs(step));

    /// <summary>Elements at integer indices along an axis.</summary>
    public Value Gather(Value x, Value indices, long axis = 0) => Op("Gather", [x, indices], ("axis", axis));

    /// <summary>Elements at integer indices along an axis, elementwise.</summary>
    public Value GatherElements(Value x, Value indices, long axis) => Op("GatherElements", [x, indices], ("axis", axis));

    /// <summary>A copy of x with updates written at indices along an axis; <paramref name="reduction"/> none or add.</summary>
    public Value ScatterElements(Value x, Value indices, Value updates, long axis, string reduction = "none") =>
        Op("ScatterElements", [x, indices, updates], ("axis", axis), ("reduction", reduction));

    /// <summary>A copy of x with updates written at index tuples; <paramref name="reduction"/> none or add.</summary>
    public Value ScatterND(Value x, Value indices, Value updates, string reduction = "none") =>
        Op("ScatterND", [x, indices, updates], ("reduction", reduction));

    /// <summary>1 at the index along a new axis, 0 elsewhere, of the element type of <paramref name="values"/> [off, on].</summary>
    public Value OneHot(Value indices, Value depth, Value values, long axis = -1) =>
        Typed(Op("OneHot", [indices, depth, values], ("axis", axis)), values.ElementType);

    /// <summary>Padding with zeros, or <paramref name="value"/>: begins of all axes, then ends.</summary>
    public Value Pad(Value x, Value pads, Value? value = null, string mode = "constant") => Op("Pad", [x, pads, value], ("mode", mode));

    /// <summary>A tensor of the given shape filled with one float or int64 value.</summary>
    public Value ConstantOfShape(Value shape, TensorData value) => Typed(Op("ConstantOfShape", [shape], ("value", value)), value.ElementType);

    /// <summary>start, start + delta, … below limit; scalars.</summary>
    public Value Range(Value start, Value limit, Value delta) => Op("Range", [start, limit, delta]);

    /// <summary>Sum over axes (all when none are given).</summary>
    public Value ReduceSum(Value x, ReadOnlySpan<long> axes, bool keepDims = true) => Reduce("ReduceSum", x, axes, keepDims);

    /// <summary>Mean over axes (all when none are given).</summary>
    public Value ReduceMean(Value x, ReadOnlySpan<long> axes, bool keepDims = true) => Reduce("ReduceMean", x, axes, keepDims);

    /// <summary>Maximum over axes (all when none are given).</summary>
    public Value ReduceMax(Value x, ReadOnlySpan<long> axes, bool keepDims = true) => Reduce("ReduceMax", x, axes, keepDims);

    /// <summary>Sum of squares over axes (all when none are given).</summary>
    public Value ReduceSumSquare(Value x, ReadOnlySpan<long> axes, bool keepDims = true) => Reduce("ReduceSumSquare", x, axes, keepDims);

    /// <summary>Index of the largest element along an axis, int64.</summary>
    public Value ArgMax(Value x, long axis, bool keepDims = true) =>
        Typed(Op("ArgMax", [x], ("axis", axis), ("keepdims", keepDims)), ElementType.Int64);

    /// <summary>alpha · A·B + beta · C, A and B transposed as asked.</summary>
    public Value Gemm(Value a, Value b, Value? c = null, bool transA = false, bool transB = false, float alpha = 1, float beta = 1) =>
        Op("Gemm", [a, b, c], ("transA", transA ? 1 : null), ("transB", transB ? 1 : null), ("alpha", alpha == 1 ? null : alpha), ("beta", beta == 1 ? null : beta));

    /// <summary>Softmax along one axis.</summary>
    public Value Softmax(Value x, long axis = -1) => Op("Softmax", [x], ("axis", axis));

    /// <summary>Logarithm of the softmax along one axis.</summary>
    public Value LogSoftmax(Value x, long axis = -1) => Op("LogSoftmax", [x], ("axis", axis));

    /// <summary>Convolution of x [N, C, …] with w [M, C/group, …] and bias b [M]; null attributes take the standard's defaults.</summary>
    public Value Conv(Value x, Value w, Value? b = null, long[]? strides = null, long[]? pads = null, long[]? dilations = null, long group = 1, long[]? kernelShape = null) =>
        Op("Conv", [x, w, b], ("strides", strides), ("pads", pads), ("dilations", dilations), ("group", group), ("kernel_shape", kernelShape));

    /// <summary>Transposed convolution of x [N, C, …] with w [C, M/group, …].</summary>
    public Value ConvTranspose(Value x, Value w, Value? b = null, long[]? strides = null, long[]? pads = null, long[]? dilations = null, long group = 1, long[]? outputPadding = null) =>
        Op("ConvTranspose", [x, w, b], ("strides", strides), ("pads", pads), ("dilations", dilations), ("group", group), ("output_padding", outputPadding));

    /// <summary>Zeroes elements with probability <paramref name="ratio"/> and scales the rest by 1/(1 − ratio) where training is true.</summary>
    public Value Dropout(Value x, Value ratio, Value? training, long? seed = null) => Op("Dropout", [x, ratio, training], ("seed", seed));

    private Value Reduce(string opType, Value x, ReadOnlySpan<long> axes, bool keepDims) =>
        Op(opType, [x, axes.Length == 0 ? null : Longs(axes)], ("keepdims", keepDims));

    private static Value Typed(Value value, ElementType type)
    {
        value.ElementType = type;
        return value;
    }
}
