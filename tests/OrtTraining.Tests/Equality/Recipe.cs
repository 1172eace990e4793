using OnnxFineTune.Training;

namespace OnnxFineTune.OrtTraining.Tests;

/// <summary>How parameters follow gradients.</summary>
internal sealed record Recipe(string Name, IOptimizer Optimizer)
{
    /// <summary>The three updates that ONNX Runtime's training API has.</summary>
    public static readonly Recipe AdamW = new("AdamW", new AdamW()), HuggingFaceAdamW = new("AdamW as Hugging Face", new AdamW { Form = AdamWForm.HuggingFace, WeightDecay = 0.1 }), Sgd = new("SGD", new Sgd());

    /// <summary>AdamW whose gradients are always longer than what passes unchanged.</summary>
    public static readonly Recipe Clipped = new("AdamW on clipped gradients", new AdamW()) { Clipping = new GradientClipping { MaxNorm = 0.05 } };

    /// <summary>
    /// The same for all layers of a deep network of Relus, where fifty steps with the usual settings say nothing about two runtimes: Adam moves an element whose gradient is only rounding
    /// as far as any other, and each Relu that rounding switches changes its layer's gradients visibly, until the losses differ in the first digit. Here an element moves by its gradient,
    /// of limited norm. There is no decay, for the last bit of a weight above 2, lost at each step, makes 1.2e-5 in fifty.
    /// </summary>
    public static readonly Recipe[] ForDeepNetworks =
    [
        new("AdamW with a large ε", new AdamW { Epsilon = 1, WeightDecay = 0 }) { Clipping = new GradientClipping { MaxNorm = 0.3 } },
        new("AdamW as Hugging Face with a large ε", new AdamW { Form = AdamWForm.HuggingFace, Epsilon = 0.1, WeightDecay = 0 }) { Clipping = new GradientClipping { MaxNorm = 0.3 } },
        new("SGD on clipped gradients", new Sgd()) { Clipping = new GradientClipping { MaxNorm = 0.3 } },
    ];

    /// <summary>Limits the norm of the gradients.</summary>
    public GradientClipping? Clipping { get; init; }

    /// <summary>The recipe for artifacts.</summary>
    public ArtifactOptions Artifacts => new() { Optimizer = Optimizer, Clipping = Clipping };

    /// <summary>The recipe for the default engine, on one thread.</summary>
    public StepGraphEngineOptions Engine => new() { Optimizer = Optimizer, Clipping = Clipping, Threads = 1 };

    public override string ToString() => Name;
}
