using OnnxFineTune.Models;
using OnnxFineTune.Surgery;

namespace OnnxFineTune.Training.Tests;

/// <summary>Operators that came after the working operator set have gradients through what they are written out in.</summary>
[TestClass]
public sealed class LaterOperatorTests
{
    private static readonly string[] Names = ["scale", "query", "head.weight"];

    [TestMethod]
    public void GradientsOfATransformerBlockMatchFiniteDifferences()
    {
        TrainingGraph graph = Graph();
        GradientAssert.AreRight(graph, Feeds(graph));
    }

    [TestMethod]
    public void FrozenLayersKeepTheirOperators()
    {
        TrainingGraph graph = TrainingGraph.Build(Block(frozenBits: false), new SoftmaxCrossEntropy(), ["head.weight"]);
        CollectionAssert.IsSubsetOf(new[] { "RMSNormalization", "Attention", "Swish" }, graph.Frozen!.Graph.Nodes.Select(n => n.OpType).ToArray());
        CollectionAssert.AreEqual(new[] { "batch", "6" }, graph.Features.Single().Shape!.Select(d => d.ToString()).ToArray());
    }

    [TestMethod]
    public void ArtifactsAreOfTheOperatorSetThatTheTrainingRuntimeTakes()
    {
        TrainingArtifacts artifacts = TrainingArtifacts.Build(Graph());
        foreach (Model model in new[] { artifacts.TrainingModel, artifacts.EvaluationModel, artifacts.OptimizerModel })
            Assert.AreEqual((21L, 10L), (model.Opset, model.IrVersion));
    }

    [TestMethod]
    public void ArtifactsOfAnOperatorWithoutEquivalentAreRefusedByName()
    {
        TrainingGraph graph = Graph(frozenBits: true);
        StringAssert.Contains(Assert.ThrowsExactly<GraphException>(() => TrainingArtifacts.Build(graph)).Message, "BitCast 'bits'");
    }

    private static TrainingGraph Graph(bool frozenBits = false) =>
        TrainingGraph.Build(Block(frozenBits), new SoftmaxCrossEntropy(), Names, new TrainingGraphOptions { FrozenApart = false });

    /// <summary>x [batch, 4, 6] → normalized → attention with a trained projection of the queries → gated → mean over the positions → 3 logits.</summary>
    private static Model Block(bool frozenBits)
    {
        Graph graph = new();
        Model model = new(graph) { Opset = frozenBits ? 26 : 24, IrVersion = frozenBits ? 13 : 12 };
        GraphBuilder op = new(graph);
        Value x = graph.AddInput("x", ElementType.Float, new Shape(Dimension.Named("batch"), 4, 6));
        if (frozenBits)
        {
            Value bits = graph.AddNode("BitCast", [x], ["bits"]).Outputs[0]!;
            bits.Producer!.Attributes.Set("to", ElementType.Int32);
            x = op.Op("BitCast", [bits], ("to", ElementType.Float));
        }
        Value normalized = op.Op("RMSNormalization", [x, Weight(graph, "scale", 6)]);
        Value queries = op.MatMul(normalized, Weight(graph, "query", 6, 6));
        Value attended = op.Op("Attention", [queries, normalized, x], ("q_num_heads", 2), ("kv_num_heads", 2), ("is_causal", 1));
        Value gated = frozenBits ? attended : op.Op("Swish", [attended], ("alpha", 1.5f));       // the runtime has no Swish beside operators of version 26
        Value pooled = op.ReduceMean(gated, [1], keepDims: false);
        graph.SetOutputs(op.MatMul(pooled, Weight(graph, "head.weight", 6, 3)));
        return model;
    }

    private static Value Weight(Graph graph, string name, params long[] shape) =>
        graph.AddInitializer(name, TensorData.FromFloats(TrainingModels.Numbers((int)shape.Aggregate(1L, (a, b) => a * b), name.Length), shape));

    private static Dictionary<string, TensorData> Feeds(TrainingGraph graph)
    {
        Dictionary<string, TensorData> feeds = graph.Parameters.ToDictionary(p => p.Name, p => p.Initial);
        feeds[graph.Features.Single().Name] = TensorData.FromFloats(TrainingModels.Numbers(2 * 4 * 6, 3), 2, 4, 6);
        feeds[graph.Targets.Name] = TensorData.FromLongs([2, 0], 2);
        return feeds;
    }
}
