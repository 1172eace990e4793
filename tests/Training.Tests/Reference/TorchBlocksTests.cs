using OnnxFineTune.Surgery;

namespace OnnxFineTune.Training.Tests;

/// <summary>The blocks of torchvision's networks are those that its code names.</summary>
[TestClass]
public sealed class TorchBlocksTests
{
    /// <summary>The name of a block's parameters up to the block's own number; MobileNetV2's first block has no expansion, so that it counts as stem. Swin's constant masks have
    /// names of nodes.</summary>
    [TestMethod]
    [DataRow("mobilenet_v2", 2, "features.2|features.3|features.4|features.5|features.6|features.7|features.8|features.9|features.10|features.11|features.12|features.13|features.14|features.15|features.16|features.17 features.18")]
    [DataRow("swin_t", 3, "features.1.0|features.1.1|features.2 features.3.0|features.3.1|features.4 features.5.0|features.5.1|features.5.2|features.5.3|features.5.4|features.5.5|features.6 features.7.0|features.7.1 norm")]
    public void BlocksAreThoseOfTheCode(string network, int parts, string expected)
    {
        using TorchReference reference = TorchReference.Make(network, "--batch", "1", "--size", "32");
        IReadOnlyList<Block> blocks = Blocks.Of(reference.Model.ToWorkingForm());
        Assert.AreEqual(expected, string.Join('|', blocks.Select(b => string.Join(' ', b.Parameters.Where(p => p[0] != '/').Select(p => Name(p.Split('.'), parts)).Distinct()))));
    }

    private static string Name(string[] name, int parts) => string.Join('.', name.TakeWhile((part, i) => i < parts && (i == 0 || int.TryParse(part, out _))));
}
