using OnnxFineTune.Inference;
using OnnxFineTune.Models;
using OnnxFineTune.Surgery;
using OnnxFineTune.Training;

namespace OnnxFineTune.OrtTraining.Tests;

/// <summary>Batches of something that can be learned.</summary>
internal static class Tasks
{
    /// <summary>Random inputs, labelled by a linear map of them.</summary>
    /// <param name="number">Another number, other inputs.</param>
    /// <param name="examples">Examples in the batch.</param>
    /// <param name="length">Elements of one input.</param>
    /// <param name="classes">Classes.</param>
    public static Batch Random(int number, int examples, int length, int classes)
    {
        float[] inputs = TrainingModels.Numbers(examples * length, number);
        float[] teacher = TrainingModels.Numbers(classes * length, 99);
        float[] labels = [.. Enumerable.Range(0, examples).Select(n => (float)Enumerable.Range(0, classes)
            .MaxBy(c => Enumerable.Range(0, length).Sum(i => inputs[n * length + i] * teacher[c * length + i])))];
        return new Batch(examples, [inputs], labels);
    }

    /// <summary>Photographs of cars and trucks, as many of each, with pixels of unit size, not of the hundreds that SqueezeNet knows: so losses have seven digits behind the point.</summary>
    /// <param name="number">Another number, other photographs.</param>
    /// <param name="examples">Photographs in the batch, an even number.</param>
    /// <param name="model">The network that will see them, which decides on their size.</param>
    public static Batch Photographs(int number, int examples, Model model)
    {
        ImageFolder folder = ImageFolder.Open(Present.Shared("data/autos-trucks/train"), ImagePreprocessing.For(model, ImagePreprocessing.ImageNet));
        int[][] classes = [.. Enumerable.Range(0, folder.Count).GroupBy(i => folder.ClassOf(i)!.Value).Select(g => g.ToArray())];
        int length = (int)folder.InputShape.ElementCount!.Value;
        float[] inputs = new float[examples * length], targets = new float[examples];
        for (int i = 0; i < examples; i++)
        {
            int picture = classes[i % classes.Length][number * examples / classes.Length + i / classes.Length];
            folder.Load(picture, inputs.AsSpan(i * length, length));
            folder.CopyTarget(picture, targets.AsSpan(i, 1));
        }
        return new Batch(examples, [inputs], targets);
    }
}
