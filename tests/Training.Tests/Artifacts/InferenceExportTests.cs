using OnnxFineTune.Inference;
using OnnxFineTune.Models;
using OnnxFineTune.Surgery;

namespace OnnxFineTune.Training.Tests;

[TestClass]
public sealed class InferenceExportTests
{
    private static readonly TensorData Input = TensorData.FromFloats(TrainingModels.Numbers(24, 7), 4, 6);

    public static IEnumerable<(ILoss Loss, string Last)> Losses =>
        [(new SoftmaxCrossEntropy(), "Softmax"), (new BinaryCrossEntropyWithLogits(), "Sigmoid"), (new MeanSquaredError(), "Gemm")];

    [TestMethod, DynamicData(nameof(Losses))]
    public void TheModelGivesWhatEvaluationComputes(ILoss loss, string last)
    {
        TrainingArtifacts artifacts = Trained(ArtifactModels.Build(ArtifactModels.Mlp(dropout: 0.3f), ArtifactModels.Head, loss: loss));
        Model tuned = artifacts.ToInferenceModel();
        CollectionAssert.AreEqual(new[] { "x" }, ArtifactModels.Names(tuned.Graph.FeedInputs));
        Assert.AreEqual(last, tuned.Graph.Outputs.Single().Producer!.OpType);
        Assert.IsFalse(tuned.Graph.Nodes.Any(n => n.OpType == "Dropout"));
        float[] logits = Evaluate(artifacts, loss);
        CollectionAssert.AreEqual(logits, RunOutput(tuned, last == "Gemm" ? tuned.Graph.Outputs[0] : tuned.Graph.Outputs[0].Producer!.Inputs[0]!), "bit for bit");
        Model byName = artifacts.ToInferenceModel(ArtifactModels.Mlp(dropout: 0.3f));
        CollectionAssert.AreEqual(RunOutput(tuned, tuned.Graph.Outputs[0]), RunOutput(byName, byName.Graph.Outputs[0]));
        Assert.IsFalse(tuned.Metadata.Keys.Any(k => k.Contains("artifacts")));
    }

    [TestMethod]
    public void ItIsTheModelThatTheTrainerMakes()
    {
        TrainingArtifacts artifacts = Trained(ArtifactModels.Build(ArtifactModels.Mlp(), ArtifactModels.Head));
        Model expected = TunedModel.Build(ArtifactModels.Mlp(), artifacts.Checkpoint.Trainable, OutputKind.ClassLogits, [], null);
        Model actual = artifacts.ToInferenceModel();
        CollectionAssert.AreEqual(RunOutput(expected, expected.Graph.Outputs[0]), RunOutput(actual, actual.Graph.Outputs[0]));
        Assert.AreEqual(TunedModel.Probabilities, actual.Graph.Outputs[0].Name);
        CollectionAssert.AreEquivalent(ArtifactModels.Names(expected.Graph.Initializers), ArtifactModels.Names(actual.Graph.Initializers));
    }

    [TestMethod]
    public void LabelsAndPreprocessingTravelThroughTheFolder()
    {
        Model model = ArtifactModels.Mlp();
        model.SetLabels(["cat", "dog", "eel"]);
        model.SetPreprocessing(new ImagePreprocessing { Width = 2, Height = 1 });
        using TemporaryFolder folder = new();
        ArtifactModels.Build(model, ArtifactModels.Head).Save(folder.Path);
        TrainingArtifacts loaded = TrainingArtifacts.Load(folder.Path);
        foreach (Model tuned in new[] { loaded.ToInferenceModel(), loaded.ToInferenceModel(ArtifactModels.Mlp()) })
        {
            CollectionAssert.AreEqual(new[] { "cat", "dog", "eel" }, tuned.GetLabels()!.ToArray());
            Assert.AreEqual(2, tuned.GetPreprocessing()!.Width);
        }
    }

    [TestMethod]
    public void InputsThatNothingReadsStay()
    {
        Model model = ArtifactModels.Mlp();
        model.Graph.AddInput("unused", ElementType.Float, Shape.Of(1));
        CollectionAssert.AreEqual(new[] { "x", "unused" }, ArtifactModels.Names(ArtifactModels.Build(model, ArtifactModels.Head).ToInferenceModel().Graph.FeedInputs));
    }

    [TestMethod]
    public void AModelThatEndsInProbabilitiesGetsNoSecond()
    {
        TrainingArtifacts artifacts = Trained(ArtifactModels.Build(ArtifactModels.Mlp(), ArtifactModels.Head));
        Model tuned = artifacts.ToInferenceModel(), again = artifacts.ToInferenceModel(tuned);
        Assert.AreEqual(1, again.Graph.Nodes.Count(n => n.OpType == "Softmax"));
    }

    [TestMethod]
    public void HalfPrecisionWeightsOfTheModelGiveWay()
    {
        Model half = ArtifactModels.Mlp();
        Value weight = half.Graph.Get("body.weight");
        half.Graph.SetInitializer(weight, TensorData.FromBytes(ElementType.Float16, weight.Shape!, weight.Data!.ToFloats().SelectMany(x => BitConverter.GetBytes((Half)x)).ToArray()));
        GraphBuilder op = new(half.Graph) { Before = half.Graph.Nodes[0] };
        Value widened = op.Cast(weight, ElementType.Float);
        foreach (Use use in weight.Uses.Where(u => u.Node.OpType != "Cast").ToArray())
            use.Node.SetInput(use.Index, widened);
        TrainingArtifacts artifacts = Trained(ArtifactModels.Build(half, ["head.weight", "head.bias"]));
        Model expected = artifacts.ToInferenceModel(), actual = artifacts.ToInferenceModel(half);
        CollectionAssert.AreEqual(RunOutput(expected, expected.Graph.Outputs[0]), RunOutput(actual, actual.Graph.Outputs[0]));
    }

    [TestMethod]
    public void ArtifactsOfOtherToolsGoByName()
    {
        TrainingArtifacts own = Trained(ArtifactModels.Build(ArtifactModels.Mlp(), ArtifactModels.Head));
        foreach (string key in own.EvaluationModel.Metadata.Keys.ToArray())
            own.EvaluationModel.Metadata.Remove(key);
        Model logits = own.ToInferenceModel();
        CollectionAssert.AreEqual(new[] { "x" }, ArtifactModels.Names(logits.Graph.FeedInputs), "the labels' input went with the loss");
        Assert.AreEqual("Gemm", logits.Graph.Outputs.Single().Producer!.OpType, "what the output means is not known");
        own.EvaluationModel.Graph.SetOutputs(own.EvaluationModel.Graph.Outputs[0]);
        StringAssert.Contains(Assert.ThrowsExactly<TrainingException>(() => own.ToInferenceModel()).Message, "no output but the loss");
        Model byName = own.ToInferenceModel(ArtifactModels.Mlp());
        CollectionAssert.AreEqual(RunOutput(logits, logits.Graph.Outputs[0]), RunOutput(byName, byName.Graph.Outputs[0]));
    }

    [TestMethod]
    public void TheScoresBeforeACrossEntropyAreTheOutputWhereThereIsNoOther()
    {
        TrainingArtifacts own = Trained(ArtifactModels.Build(ArtifactModels.Mlp(), ArtifactModels.Head));
        Model logits = own.ToInferenceModel();
        Graph graph = own.EvaluationModel.Graph;
        own.EvaluationModel.Metadata.Clear();
        graph.SetOutputs(new GraphBuilder(graph).Op("SoftmaxCrossEntropyLoss", [graph.Outputs[1], graph.Get("targets")]));
        RemoveUnused.Run(graph);
        Model model = own.ToInferenceModel();
        CollectionAssert.AreEqual(new[] { "x" }, ArtifactModels.Names(model.Graph.FeedInputs));
        CollectionAssert.AreEqual(RunOutput(logits, logits.Graph.Outputs[0].Producer!.Inputs[0]!), RunOutput(model, model.Graph.Outputs.Single()));
    }

    [TestMethod]
    public void WhatDoesNotBelongTogetherIsRefused()
    {
        TrainingArtifacts artifacts = ArtifactModels.Build(ArtifactModels.Mlp(), ArtifactModels.Head);
        Checkpoint checkpoint = artifacts.Checkpoint;
        Dictionary<string, TensorData> small = new(checkpoint.Trainable) { ["head.bias"] = TensorData.FromFloats([1], 1) };
        Dictionary<string, TensorData> other = new(checkpoint.Trainable) { ["tail.bias"] = TensorData.FromFloats([1], 1) };
        Refused("'head.bias' is Float [1] in the checkpoint", artifacts.WithCheckpoint(checkpoint with { Trainable = small }));
        Refused("trains 'tail.bias'", artifacts.WithCheckpoint(checkpoint with { Trainable = other }));
        Refused("nominal", ArtifactModels.Build(ArtifactModels.Mlp(), ArtifactModels.Head, new ArtifactOptions { Nominal = true }));
        Refused("no trained parameters", artifacts.WithCheckpoint(new Checkpoint { Trainable = new Dictionary<string, TensorData>() }));
        TrainingArtifacts missing = artifacts.WithCheckpoint(checkpoint with { Frozen = new Dictionary<string, TensorData>() });
        StringAssert.Contains(Assert.ThrowsExactly<TrainingException>(() => missing.ToInferenceModel()).Message, "no parameter 'body.weight'");
        StringAssert.Contains(Assert.ThrowsExactly<TrainingException>(() => artifacts.ToInferenceModel(TrainingModels.ConvNet(4, 3))).Message, "head.weight");
    }

    private static void Refused(string part, TrainingArtifacts artifacts)
    {
        foreach (Model? model in new[] { null, ArtifactModels.Mlp() })
            StringAssert.Contains(Assert.ThrowsExactly<TrainingException>(() => artifacts.ToInferenceModel(model)).Message, part);
    }

    /// <summary>The artifacts with other weights in the head.</summary>
    private static TrainingArtifacts Trained(TrainingArtifacts artifacts)
    {
        OrderedDictionary<string, TensorData> moved = [];
        foreach ((string name, TensorData data) in artifacts.Checkpoint.Trainable)
            moved[name] = TensorData.FromFloats(TrainingModels.Numbers((int)data.Count, 31), data.Shape.ToArray());
        return artifacts.WithCheckpoint(artifacts.Checkpoint with { Trainable = moved });
    }

    private static float[] Evaluate(TrainingArtifacts artifacts, ILoss loss)
    {
        Dictionary<string, TensorData> feeds = artifacts.Checkpoint.Parameters.ToDictionary(p => p.Key, p => p.Value);
        feeds["x"] = Input;
        feeds["targets"] = loss.TargetType == ElementType.Int64 ? TensorData.FromLongs([0, 1, 2, 0], 4) : TensorData.FromFloats(new float[12], 4, 3);
        return RuntimeSession.RunOnce(artifacts.EvaluationModel, feeds)[artifacts.EvaluationModel.Graph.Outputs[1].Name].ToFloats();
    }

    private static float[] RunOutput(Model model, Value value)
    {
        Model copy = model.Clone();
        copy.Graph.SetOutputs(copy.Graph.Get(value.Name));
        return RuntimeSession.RunOnce(copy, new Dictionary<string, TensorData> { ["x"] = Input }).Values.Single().ToFloats();
    }
}
