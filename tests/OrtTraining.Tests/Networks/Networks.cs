using OnnxFineTune.Surgery;

namespace OnnxFineTune.OrtTraining.Tests;

/// <summary>The networks on which both engines are compared.</summary>
internal static class Networks
{
    public static readonly Network GemmHead = new("Gemm head", BuildGemmHead, n => Tasks.Random(n, 8, 3 * 12 * 12, 4));

    public static readonly Network Mlp = new("MLP", BuildMlp, n => Tasks.Random(n, 16, 10, 4));

    public static readonly Network NormalizedDropout = new("BatchNormalization and Dropout", BuildNormalizedDropout, n => Tasks.Random(n, 8, 3 * 8 * 8, 3));

    public static readonly Network Transformer = new("transformer block", TransformerNetwork.Build, n => Tasks.Random(n, 8, TransformerNetwork.Tokens * TransformerNetwork.Width, 3));

    /// <summary>SqueezeNet for pictures of 64 pixels, so that fifty steps of all its layers take seconds, with a new convolutional head.</summary>
    public static readonly Network SqueezeNet = new("SqueezeNet's conv head", () => BuildSqueezeNet(64), n => Tasks.Photographs(n, 4, BuildSqueezeNet(64)));

    public static IEnumerable<Network> All => [GemmHead, SqueezeNet, Mlp, NormalizedDropout, Transformer];

    private static Model BuildGemmHead()
    {
        NetworkBuilder net = new([3, 12, 12]);
        Value first = net.Silu(net.Conv("conv1", net.Input, 3, 8));
        Value pooled = net.Op.Op("MaxPool", [first], ("kernel_shape", new long[] { 2, 2 }), ("strides", new long[] { 2, 2 }));
        Value second = net.Silu(net.Conv("conv2", pooled, 8, 12));
        Value logits = net.Gemm("classifier", net.Op.Flatten(net.Op.GlobalAveragePool(second)), 12, 6);
        return net.Finish(logits, 6).Edit().RemoveClassifier().Attach(new LinearHead(4)).Build();
    }

    private static Model BuildMlp()
    {
        NetworkBuilder net = new([10]);
        Value first = net.Op.Relu(net.Gemm("layer1", net.Input, 10, 24));
        Value second = net.Op.Tanh(net.Gemm("layer2", first, 24, 12));
        return net.Finish(net.Gemm("head", second, 12, 4), 4);
    }

    private static Model BuildNormalizedDropout()
    {
        NetworkBuilder net = new([3, 8, 8]);
        Value first = net.Silu(net.BatchNormalization("norm1", net.Conv("conv1", net.Input, 3, 8), 8));
        Value dropped = net.Op.Dropout(first, net.Op.Scalar(0.2), null);
        Value second = net.Silu(net.BatchNormalization("norm2", net.Conv("conv2", dropped, 8, 10), 10));
        Value vector = net.Op.Dropout(net.Op.Flatten(net.Op.GlobalAveragePool(second)), net.Op.Scalar(0.25), null);
        return net.Finish(net.Gemm("head", vector, 10, 3), 3);
    }

    private static Model BuildSqueezeNet(int pixels)
    {
        Model model = Model.Load(Present.Shared("data/models/squeezenet_fp32.onnx"));
        return Resized(model, pixels).Edit().RemoveClassifier().Attach(new ConvHead(2)).Build();
    }

    /// <summary>The same weights for other pictures, which a network without linear layers takes.</summary>
    private static Model Resized(Model model, int pixels)
    {
        Model copy = model.Clone();
        copy.Graph.FeedInputs.Single().Shape = new Shape(Dimension.Named("batch"), 3, pixels, pixels);
        foreach (Value value in copy.Graph.Nodes.SelectMany(n => n.Outputs).OfType<Value>())
            value.Shape = null;
        return copy;
    }
}
