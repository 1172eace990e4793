using Google.Protobuf;
using OnnxFineTune.Surgery;
using OnnxFineTune.Surgery.Serialization.Proto;

namespace OnnxFineTune.Training;

/// <summary>Writes <c>optimizer_model.onnx</c>: one optimizer node over sequences of tensors. The runtime checks the names and the order of its inputs.</summary>
internal static class OptimizerModelBuilder
{
    private const string LearningRate = "learning_rate", Step = "step", Params = "params", Gradients = "gradients",
        FirstMoments = "first_order_moments", SecondMoments = "second_order_moments", Flag = "update_flag";

    /// <summary>Why an optimizer cannot be had in the training API, or null where it can.</summary>
    public static string? Refusal(IOptimizer optimizer) => optimizer switch
    {
        AdamW or Adam { WeightDecay: 0 } or Sgd { Momentum: 0, WeightDecay: 0 } => null,
        Adam => "ONNX Runtime's training API has no Adam with L2 weight decay; take AdamW, whose decay is decoupled, or set WeightDecay to 0.",
        Sgd => "ONNX Runtime's training API has SGD without momentum and weight decay only; set both to 0, or take AdamW.",
        _ => $"ONNX Runtime's training API has no {optimizer.GetType().Name}; take AdamW (PyTorch's or Hugging Face's form), Adam without weight decay, or Sgd without momentum and weight decay.",
    };

    /// <summary>The model for a supported optimizer.</summary>
    public static Model Build(IOptimizer optimizer, GradientClipping? clipping)
    {
        AdamW? adam = AsAdamW(optimizer);
        Graph graph = new("optimizer");
        Model model = new(graph) { IrVersion = TrainingArtifacts.IrVersion, Opset = GraphBuilder.WorkingOpset };
        model.OpsetImports[ArtifactNames.RuntimeDomain] = 1;
        Value rate = graph.AddInput(LearningRate, ElementType.Float, Shape.Of(1)), step = graph.AddInput(Step, ElementType.Int64, Shape.Of(1));
        Value parameters = AddSequence(graph, Params), gradients = AddSequence(graph, Gradients), first = AddSequence(graph, FirstMoments);
        Value? second = adam is null ? null : AddSequence(graph, SecondMoments);
        Value clipped = clipping is null ? gradients : Clip(graph, gradients, clipping);
        Node update = adam is null
            ? graph.AddNode("SGDOptimizerV2", [rate, parameters, clipped], [Flag], ArtifactNames.RuntimeDomain, "SGDOptimizerV2")
            : graph.AddNode("AdamWOptimizer", [rate, step, parameters, clipped, first, second], [Flag], ArtifactNames.RuntimeDomain, "AdamWOptimizer");
        if (adam is not null)
            SetAttributes(update, adam);
        Value flag = update.Outputs[0]!;
        (flag.ElementType, flag.Shape) = (ElementType.Bool, adam is null ? Shape.Scalar : Shape.Of(1));
        graph.AddOutput(flag);
        return model;
    }

    /// <summary>Adam without decay is AdamW without decay; null for SGD.</summary>
    public static AdamW? AsAdamW(IOptimizer optimizer) => optimizer switch
    {
        AdamW adamW => adamW,
        Adam adam => new AdamW { Beta1 = adam.Beta1, Beta2 = adam.Beta2, Epsilon = adam.Epsilon, WeightDecay = 0 },
        _ => null,
    };

    private static void SetAttributes(Node update, AdamW adam)
    {
        update.Attributes.Set("alpha", adam.Beta1);
        update.Attributes.Set("beta", adam.Beta2);
        update.Attributes.Set("epsilon", adam.Epsilon);
        update.Attributes.Set("weight_decay", adam.WeightDecay);
        update.Attributes.Set("correct_bias", 1);
        update.Attributes.Set("adam_mode", adam.Form == AdamWForm.HuggingFace ? 1 : 0);
    }

    private static Value Clip(Graph graph, Value gradients, GradientClipping clipping)
    {
        Node clip = graph.AddNode("InplaceClipGradNorm", [gradients], ["clipped_gradients"], ArtifactNames.RuntimeDomain, "InplaceClipGradNorm");
        clip.Attributes.Set("max_norm", clipping.MaxNorm);
        return clip.Outputs[0]!;
    }

    /// <summary>An input of type sequence(tensor(float)), which the graph keeps in wire format.</summary>
    private static Value AddSequence(Graph graph, string name)
    {
        Value value = graph.AddInput(name, ElementType.Undefined, null);
        TypeProto element = new() { TensorType = new TypeProto.Types.Tensor { ElemType = (int)ElementType.Float } };
        value.Unmodelled = new ValueInfoProto { Name = name, Type = new TypeProto { SequenceType = new TypeProto.Types.Sequence { ElemType = element } } }.ToByteArray();
        return value;
    }
}
