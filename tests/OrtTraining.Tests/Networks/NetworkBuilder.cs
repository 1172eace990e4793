using OnnxFineTune.Surgery;

namespace OnnxFineTune.OrtTraining.Tests;

/// <summary>Layers with seeded weights on a graph with one input <c>x</c> and a free batch.</summary>
internal sealed class NetworkBuilder
{
    private readonly InitialWeights _weights = new(7);

    /// <summary>A graph with its input.</summary>
    /// <param name="inputShape">The shape of one example.</param>
    public NetworkBuilder(ReadOnlySpan<long> inputShape)
    {
        Op = new GraphBuilder(new Graph());
        Input = Op.Graph.AddInput("x", ElementType.Float, new Shape([Dimension.Named("batch"), .. Shape.Of(inputShape)]));
    }

    public GraphBuilder Op { get; }

    public Value Input { get; }

    /// <summary>x [N, inputs] → [N, outputs]; parameters NAME.weight [outputs, inputs] and NAME.bias.</summary>
    public Value Gemm(string name, Value x, int inputs, int outputs) =>
        Op.Gemm(x, Uniform($"{name}.weight", inputs, outputs, inputs), Uniform($"{name}.bias", inputs, outputs), transB: true);

    /// <summary>x […, inputs] → […, outputs]; parameters NAME.weight [inputs, outputs] and NAME.bias.</summary>
    public Value Linear(string name, Value x, int inputs, int outputs) =>
        Op.Add(Projection(name, x, inputs, outputs), Uniform($"{name}.bias", inputs, outputs));

    /// <summary>x […, inputs] → […, outputs]; parameter NAME.weight [inputs, outputs].</summary>
    public Value Projection(string name, Value x, int inputs, int outputs) => Op.MatMul(x, Uniform($"{name}.weight", inputs, inputs, outputs));

    /// <summary>3×3, padded; parameters NAME.weight [outputs, inputs, 3, 3] and NAME.bias.</summary>
    public Value Conv(string name, Value x, int inputs, int outputs) =>
        Op.Conv(x, Uniform($"{name}.weight", inputs * 9, outputs, inputs, 3, 3), Uniform($"{name}.bias", inputs * 9, outputs), pads: [1, 1, 1, 1]);

    /// <summary>Parameters NAME.scale and NAME.bias; statistics NAME.mean and NAME.var.</summary>
    public Value BatchNormalization(string name, Value x, int channels) => Op.Op("BatchNormalization",
        [x, Around($"{name}.scale", 1, channels), Around($"{name}.bias", 0.2f, channels), Around($"{name}.mean", 0, channels), Around($"{name}.var", 0.4f, channels)], ("epsilon", 1e-5f));

    /// <summary>Over the last axis; parameters NAME.scale and NAME.bias.</summary>
    public Value LayerNormalization(string name, Value x, int width) =>
        Op.Op("LayerNormalization", [x, Around($"{name}.scale", 1, width), Around($"{name}.bias", 0, width)], ("axis", -1L), ("epsilon", 1e-5f));

    /// <summary>
    /// x·σ(x). Behind convolutions in place of Relu: where rounding puts one of many thousand values on the other side of 0, the gradients of its layer change by far more than
    /// rounding.
    /// </summary>
    public Value Silu(Value x) => Op.Mul(x, Op.Sigmoid(x));

    /// <summary>The model with <paramref name="logits"/> [N, classes] as its output.</summary>
    public Model Finish(Value logits, int classes)
    {
        logits.Shape = new Shape(Dimension.Named("batch"), classes);
        Op.Graph.Rename(logits, "logits");
        Op.Graph.AddOutput(logits);
        return new Model(Op.Graph) { Opset = GraphBuilder.WorkingOpset };
    }

    private Value Uniform(string name, int fanIn, params ReadOnlySpan<long> shape) => Op.Graph.AddInitializer(name, _weights.Uniform(fanIn, shape));

    /// <summary>Numbers within a quarter of <paramref name="center"/>.</summary>
    private Value Around(string name, float center, int count) =>
        Op.Graph.AddInitializer(name, TensorData.FromFloats([.. _weights.Uniform(16, count).ToFloats().Select(v => center + v)], count));
}
