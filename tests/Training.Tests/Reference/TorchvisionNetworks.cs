namespace OnnxFineTune.Training.Tests;

/// <summary>The rows of the comparison with torchvision: arguments of <c>torchvision_reference.py</c>, with batch 2 and 64×64 pixels unless they say otherwise.</summary>
internal static class TorchvisionNetworks
{
    /// <summary>Names which rows to run instead of <see cref="Core"/>: <c>all</c>, or rows separated by semicolons.</summary>
    public const string Variable = "ONNXFT_NETWORKS";

    private const string Evaluation = " --keep-bn eval", Training = " --keep-bn train";

    private static readonly string[] WithBatchNormalization =
    [
        "resnet18", "resnet50", "mobilenet_v2", "mobilenet_v3_large", "mobilenet_v3_small", "densenet121", "efficientnet_b0", "shufflenet_v2_x1_0", "googlenet", "mnasnet1_0", "regnet_y_400mf",
    ];

    /// <summary>VGG's pooling to 7×7 is only exported from sizes that 7 divides.</summary>
    private static readonly string[] Without = ["squeezenet1_1", "vgg11 --size 224", "convnext_tiny", "vit_b_16", "swin_t"];

    /// <summary>Other families, and other sizes, batches and operator sets.</summary>
    private static readonly string[] Others =
    [
        "alexnet --size 224", "inception_v3 --size 96", "inception_v3 --size 96 --keep-bn eval", "resnext50_32x4d", "wide_resnet50_2 --keep-bn eval", "efficientnet_v2_s", "efficientnet_b1 --keep-bn eval",
        "maxvit_t --size 224 --batch 1 --keep-bn eval", "convnext_small", "densenet169", "vgg11_bn --size 224 --batch 1 --keep-bn eval", "regnet_x_400mf --keep-bn eval", "shufflenet_v2_x0_5 --keep-bn eval",
        "squeezenet1_0 --size 97", "mnasnet0_5 --size 75 --batch 5", "resnet34 --size 65 --batch 1 --classes 1000", "googlenet --size 160 --batch 3",
        "resnet18 --keep-bn eval --opset 9", "densenet121 --opset 9", "mobilenet_v3_small --opset 11", "convnext_tiny --opset 11 --fixed-batch", "shufflenet_v2_x1_0 --opset 12 --fixed-batch",
        "vit_b_32 --opset 12", "swin_t --opset 13 --fixed-batch", "swin_t --opset 16",
    ];

    /// <summary>What every run of the tests checks: the smaller ones, and of the larger ones those that have something of their own.</summary>
    private static string[] Core =>
    [
        "resnet18", "mobilenet_v2", "mobilenet_v3_large", "squeezenet1_1", "efficientnet_b0", "shufflenet_v2_x1_0", "googlenet", "mnasnet1_0", "regnet_y_400mf", "convnext_tiny", "swin_t", "densenet121",
        .. new[] { "resnet18", "mobilenet_v2", "mobilenet_v3_small", "mnasnet1_0" }.Select(n => n + Evaluation),
        .. new[] { "resnet18", "mobilenet_v2", "mobilenet_v3_small", "shufflenet_v2_x1_0", "efficientnet_b0" }.Select(n => n + Training),
    ];

    private static string[] All => [.. WithBatchNormalization.SelectMany(n => new[] { n, n + Evaluation, n + Training }), .. Without, .. Others];

    /// <summary>The rows to run.</summary>
    public static IEnumerable<string> Rows => Environment.GetEnvironmentVariable(Variable) switch
    {
        null or "" => Core,
        "all" => All,
        string rows => rows.Split(';', StringSplitOptions.TrimEntries | StringSplitOptions.RemoveEmptyEntries),
    };
}
