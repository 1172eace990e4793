using OnnxFineTune.Inference;
using OnnxFineTune.Surgery;

namespace OnnxFineTune.Training.Tests;

[TestClass]
public sealed class ArtifactGuideTests
{
    [TestMethod]
    public void EveryInputOutputAndParameterIsThereInOrder()
    {
        TrainingArtifacts artifacts = ArtifactModels.Build(ArtifactModels.Mlp(dropout: 0.2f), ArtifactModels.Head, new ArtifactOptions { GradientAccumulation = true, Clipping = new GradientClipping { MaxNorm = 2 } });
        string guide = ArtifactGuide.Write(artifacts), training = Section(guide, "training_model.onnx: TrainStep"), evaluation = Section(guide, "eval_model.onnx: EvalStep");
        InOrder(training, "0  x ", "float [batch, 6]", "1  targets ", "int64 [batch]", "2  dropout_step ", "int64 [1]", "3  gradient_weight ", "float [1]", "You get", "0  loss ", "float []", "1  ", "float [batch, 3]",
            "4 of yours, 4 parameters, 2 gradient buffers, lazy_reset_grad bool [1]",
            "P_grad.accumulation.buffer", "P_grad.accumulation.out");
        InOrder(evaluation, "0  x ", "1  targets ", "You get", "0  loss ", "1  ");
        Assert.DoesNotContain("dropout_step", evaluation);
        InOrder(Section(guide, "optimizer_model.onnx: OptimizerStep"), "learning_rate", "step", "params", "sequence of float tensors", "second_order_moments", "InplaceClipGradNorm: max_norm 2", "AdamWOptimizer", "adam_mode 0");
        InOrder(Section(guide, "checkpoint: parameters"), "0  head.weight ", "float [3, 5]", "trained", "1  head.bias ", "trained", "2  body.weight ", "frozen", "3  body.bias ", "2 are trained and 2 frozen", "holds 53 numbers", "trained ones 18");
        InOrder(Section(guide, "A training step"), "SetLearningRate", "TrainStep", "OptimizerStep", "LazyResetGrad", "gradient_weight");
    }

    [TestMethod]
    public void WhatIsNotThereIsNotMentioned()
    {
        string guide = ArtifactGuide.Write(ArtifactModels.Build(ArtifactModels.Mlp(), ArtifactModels.All, new ArtifactOptions { Optimizer = new Sgd(), Nominal = true }, new MeanSquaredError()));
        foreach (string absent in new[] { "dropout_step", "gradient_weight", "adam_mode", "second_order_moments", "InplaceClipGradNorm", "Classes", "From picture", "softmax" })
            Assert.DoesNotContain(absent, guide);
        InOrder(Section(guide, "training_model.onnx: TrainStep"), "1  targets ", "float [batch, 3]", "the right values");
        InOrder(Section(guide, "checkpoint: parameters"), "0 frozen", "nominal");
    }

    [TestMethod]
    public void LabelsAndPreprocessingAreTold()
    {
        Model model = ArtifactModels.Mlp();
        model.SetLabels(["cat", "dog", "eel"]);
        model.SetPreprocessing(new ImagePreprocessing { Width = 30, Height = 20, Scale = 0.5f, Mean = [1, 2, 3], Std = [0.25f, 1, 1], ResizeMode = ResizeMode.CenterCrop, CropFraction = 0.875f });
        string guide = ArtifactGuide.Write(ArtifactModels.Build(model, ArtifactModels.Head));
        InOrder(Section(guide, "Classes, by number"), "0  cat", "1  dog", "2  eel");
        InOrder(Section(guide, "From picture to input"), "30 x 20", "CenterCrop", "0.875", "Rgb", "Nchw", "pixel * 0.5", "[1, 2, 3]", "[0.25, 1, 1]");
    }

    private static string Section(string guide, string title)
    {
        int start = guide.IndexOf($"{title}\n---", StringComparison.Ordinal);
        Assert.AreNotEqual(-1, start, title);
        int end = guide.IndexOf("\n\n", guide.IndexOf("---", start, StringComparison.Ordinal), StringComparison.Ordinal), next = guide.IndexOf("\n---", guide.IndexOf("---\n", start, StringComparison.Ordinal) + 4, StringComparison.Ordinal);
        return guide[start..(next < 0 ? guide.Length : Math.Max(end, guide.LastIndexOf("\n\n", next, StringComparison.Ordinal)))];
    }

    private static void InOrder(string text, params string[] parts)
    {
        int from = 0;
        foreach (string part in parts)
        {
            int at = text.IndexOf(part, from, StringComparison.Ordinal);
            Assert.AreNotEqual(-1, at, $"'{part}' is not behind the one before it in:\n{text}");
            from = at + part.Length;
        }
    }
}
