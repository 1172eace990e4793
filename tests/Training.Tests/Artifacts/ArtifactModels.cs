using OnnxFineTune.Models;
using OnnxFineTune.Surgery;

namespace OnnxFineTune.Training.Tests;

/// <summary>Training graphs for the tests of artifacts.</summary>
internal static class ArtifactModels
{
    public static readonly string[] Head = ["head.weight", "head.bias"], All = ["body.weight", "body.bias", "head.weight", "head.bias"];

    /// <summary>x [N, 6] → Gemm body → Relu → Dropout → Gemm head → logits [N, 3].</summary>
    public static Model Mlp(float dropout = 0) => TrainingModels.Mlp(6, 5, 3, dropout);

    public static TrainingGraph Graph(Model model, string[] parameters, ILoss? loss = null, bool frozenApart = false) =>
        TrainingGraph.Build(model, loss ?? new SoftmaxCrossEntropy(), parameters, new TrainingGraphOptions { FrozenApart = frozenApart });

    public static TrainingArtifacts Build(Model model, string[] parameters, ArtifactOptions? options = null, ILoss? loss = null) =>
        TrainingArtifacts.Build(Graph(model, parameters, loss), options);

    /// <summary>A network whose names are what the runtime keeps for gradients and for itself, except for its trained parameters.</summary>
    public static Model WithReservedNames()
    {
        Graph graph = new();
        GraphBuilder op = new(graph);
        Value x = graph.AddInput("x_grad", ElementType.Float, new Shape(Dimension.Named("batch"), 6));
        Value first = graph.AddInitializer("w_grad", TensorData.FromFloats(TrainingModels.Numbers(36, 3), 6, 6));
        Value second = graph.AddInitializer("w", TensorData.FromFloats(TrainingModels.Numbers(18, 4), 3, 6));
        Value hidden = op.Relu(op.Gemm(x, first));
        graph.Rename(hidden, "lazy_reset_grad");
        Value bias = graph.AddInitializer("gradient_weight_bias", TensorData.FromFloats([1, 2, 3], 3));
        Value sum = op.Gemm(hidden, second, transB: true);
        graph.Rename(sum, "w_grad.accumulation.buffer");
        Value y = op.Add(sum, bias);
        graph.Rename(y, "y_grad");
        y.Shape = new Shape(Dimension.Named("batch"), 3);
        graph.AddOutput(y);
        return new Model(graph) { Opset = GraphBuilder.WorkingOpset };
    }

    public static string[] Names(IEnumerable<Value> values) => [.. values.Select(v => v.Name)];
}
