using OnnxFineTune.Surgery;

namespace OnnxFineTune.Models;

/// <summary>Small networks of blocks, as the well-known ones have them. A parameter is named after its block, its layer and its role: <c>b2.conv1.w</c>; the classifier's are <c>fc.w</c> and <c>fc.b</c>.</summary>
public sealed class BlockModels
{
    private readonly Graph _graph = new();
    private readonly GraphBuilder _op;

    private BlockModels() => _op = new GraphBuilder(_graph);

    /// <summary>As ResNet: basic blocks, the third with a projection on its skip.</summary>
    public static Model Residual() => Image((n, x) =>
    {
        x = n.Relu(n.Conv(x, "stem.conv", 3, 4));
        for (int i = 1; i <= 4; i++)
        {
            Value skip = i == 3 ? n.Conv(x, "b3.skip", 4, 4, 1) : x;
            x = n.Relu(n._op.Add(n.Conv(n.Relu(n.Conv(x, $"b{i}.conv1", 4, 4)), $"b{i}.conv2", 4, 4), skip));
        }
        return x;
    });

    /// <summary>As MobileNetV2: inverted residuals, the first and the third without a skip, and a last 1×1 convolution.</summary>
    public static Model InvertedResidual() => Image((n, x) =>
    {
        x = n.Relu(n.Conv(x, "stem.conv", 3, 4));
        for (int i = 1; i <= 4; i++)
        {
            Value y = n.Relu(n.Conv(n.Relu(n.Conv(x, $"b{i}.expand", 4, 8, 1)), $"b{i}.depthwise", 8, 8, group: 8));
            y = n.Conv(y, $"b{i}.project", 8, 4, 1);
            x = i is 1 or 3 ? y : n._op.Add(x, y);
        }
        return n.Relu(n.Conv(x, "tail.conv", 4, 6, 1));
    }, 6);

    /// <summary>As SqueezeNet: a convolution that squeezes, two side by side that expand.</summary>
    public static Model Fire() => Image((n, x) =>
    {
        x = n.Relu(n.Conv(x, "stem.conv", 3, 4));
        for (int i = 1; i <= 3; i++)
        {
            Value s = n.Relu(n.Conv(x, $"b{i}.squeeze", 4, 2, 1));
            x = n._op.Concat(1, n.Relu(n.Conv(s, $"b{i}.expand1", 2, 2, 1)), n.Relu(n.Conv(s, $"b{i}.expand3", 2, 2)));
        }
        return x;
    });

    /// <summary>As DenseNet: every layer reads all features before it; between two groups of layers stands a transition.</summary>
    public static Model Dense() => Image((n, x) =>
    {
        x = n.Conv(x, "stem.conv", 3, 4);
        List<Value> features = [x];
        for (int i = 1; i <= 4; i++)
        {
            Value all = n._op.Concat(1, features);
            if (i == 3)
                features = [all = n.Conv(n.Relu(n.BatchNorm(all, "b3.transition", 8)), "b3.reduce", 8, 4, 1)];
            int channels = i is 1 or 3 ? 4 : 6;
            Value y = n.Conv(n.Relu(n.BatchNorm(all, $"b{i}.norm1", channels)), $"b{i}.conv1", channels, 4, 1, bias: false);
            features.Add(n.Conv(n.Relu(n.BatchNorm(y, $"b{i}.norm2", 4)), $"b{i}.conv2", 4, 2, bias: false));
        }
        return n.Relu(n.BatchNorm(n._op.Concat(1, features), "b4.last", 8));
    }, 8);

    /// <summary>Convolutions in a row, depthwise ones among them.</summary>
    public static Model Chain() => Image((n, x) =>
    {
        x = n.Relu(n.BatchNorm(n.Conv(x, "b1.conv", 3, 4, bias: false), "b1.norm", 4));
        for (int i = 2; i <= 3; i++)
            x = n.Relu(n.Conv(n.Relu(n.Conv(x, $"b{i}.depthwise", 4, 4, group: 4)), $"b{i}.pointwise", 4, 4, 1));
        return x;
    });

    /// <summary>Tokens [N, 5, 8] → encoder layers of attention and feed-forward → mean of the tokens → logits.</summary>
    /// <param name="normalizeBehind">As BERT, and the normalizations written out in other operators; else as ViT, in front.</param>
    public static Model Encoder(bool normalizeBehind)
    {
        BlockModels n = new();
        Value x = n._graph.AddInput("x", ElementType.Float, new Shape(Dimension.Named("N"), 5, 8));
        x = n._op.Add(n.Product(x, "stem.embed", 8), n.Weight("stem.positions", 1, 5, 8));
        if (normalizeBehind)
            x = n.WrittenOutNorm(x, "stem.norm");
        for (int i = 1; i <= 3; i++)
        {
            Value y = normalizeBehind ? x : n.LayerNorm(x, $"b{i}.norm1");
            y = n._op.Add(n.Attention(y, $"b{i}"), x);
            x = normalizeBehind ? n.WrittenOutNorm(y, $"b{i}.norm1") : y;
            y = normalizeBehind ? x : n.LayerNorm(x, $"b{i}.norm2");
            y = n._op.Add(n.Product(n.Relu(n.Product(y, $"b{i}.up", 8)), $"b{i}.down", 8), x);
            x = normalizeBehind ? n.WrittenOutNorm(y, $"b{i}.norm2") : y;
        }
        return n.Finish(n._op.ReduceMean(normalizeBehind ? x : n.LayerNorm(x, "b3.last"), [1], keepDims: false), 8);
    }

    /// <summary>A convolution with GroupNormalization as PyTorch exports it: InstanceNormalization of groups with ones and zeros, then scale and bias.</summary>
    public static Model GroupNormalized() => Image((n, x) =>
    {
        Value y = n._op.Reshape(n.Conv(x, "b1.conv", 3, 4), 0, 2, -1);
        y = n._op.Op("InstanceNormalization", [y, n._graph.AddInitializer("ones", TensorData.FromFloats([1, 1], 2)), n._graph.AddInitializer("zeros", TensorData.FromFloats([0, 0], 2))]);
        y = n._op.Reshape(y, 0, 4, 8, 8);
        return n.Relu(n._op.Add(n._op.Mul(y, n.Weight("b1.norm.w", 4, 1, 1)), n.Weight("b1.norm.b", 4, 1, 1)));
    });

    private static Model Image(Func<BlockModels, Value, Value> trunk, int channels = 4)
    {
        BlockModels n = new();
        Value x = n._graph.AddInput("x", ElementType.Float, new Shape(Dimension.Named("N"), 3, 8, 8));
        return n.Finish(n._op.Flatten(n._op.GlobalAveragePool(trunk(n, x))), channels);
    }

    private Model Finish(Value features, int channels)
    {
        _graph.SetOutputs(_op.Gemm(features, Weight("fc.w", 3, channels), Weight("fc.b", 3), transB: true));
        return new Model(_graph) { Opset = GraphBuilder.WorkingOpset }.ToWorkingForm();
    }

    private Value Weight(string name, params long[] shape) => _graph.AddInitializer(name, ClassifierModels.Numbers(shape));

    private Value Relu(Value x) => _op.Relu(x);

    private Value Conv(Value x, string name, int inputs, int outputs, int kernel = 3, int group = 1, bool bias = true) =>
        _op.Conv(x, Weight($"{name}.w", outputs, inputs / group, kernel, kernel), bias ? Weight($"{name}.b", outputs) : null, pads: kernel == 3 ? [1, 1, 1, 1] : null, group: group);

    private Value BatchNorm(Value x, string name, int channels) => _op.Op("BatchNormalization",
        [x, Weight($"{name}.w", channels), Weight($"{name}.b", channels), Weight($"{name}.mean", channels), _graph.AddInitializer($"{name}.var", TensorData.FromFloats([.. Enumerable.Repeat(1f, channels)], channels))]);

    private Value LayerNorm(Value x, string name) => _op.Op("LayerNormalization", [x, Weight($"{name}.w", 8), Weight($"{name}.b", 8)]);

    private Value WrittenOutNorm(Value x, string name)
    {
        Value centred = _op.Sub(x, _op.ReduceMean(x, [-1]));
        Value deviation = _op.Sqrt(_op.Add(_op.ReduceMean(_op.Pow(centred, _op.Scalar(2)), [-1]), _op.Scalar(1e-5)));
        return _op.Add(_op.Mul(_op.Div(centred, deviation), Weight($"{name}.w", 8)), Weight($"{name}.b", 8));
    }

    private Value Product(Value x, string name, int outputs) => _op.Add(_op.MatMul(x, Weight($"{name}.w", 8, outputs)), Weight($"{name}.b", outputs));

    private Value Attention(Value x, string block)
    {
        Value q = Product(x, $"{block}.q", 8), k = Product(x, $"{block}.k", 8), v = Product(x, $"{block}.v", 8);
        Value weights = _op.Softmax(_op.MatMul(q, _op.Transpose(k, 0, 2, 1)));
        return Product(_op.MatMul(weights, v), $"{block}.out", 8);
    }
}
