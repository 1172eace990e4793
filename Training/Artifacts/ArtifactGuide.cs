using System.Globalization;
using System.Text;
using OnnxFineTune.Inference;
using OnnxFineTune.Surgery;

namespace OnnxFineTune.Training;

/// <summary>
/// Writes the guide that lies beside artifacts: what goes in and comes out of each model and which calls make a training step, read off the models
/// themselves, so that an app in any language can be written from it.
/// </summary>
internal sealed class ArtifactGuide
{
    private readonly StringBuilder _text = new();
    private readonly TrainingArtifacts _artifacts;
    private readonly ArtifactSignature _training;

    private ArtifactGuide(TrainingArtifacts artifacts)
    {
        _artifacts = artifacts;
        _training = ArtifactSignature.Of(artifacts.TrainingModel, artifacts.Checkpoint);
    }

    /// <summary>The guide's text.</summary>
    public static string Write(TrainingArtifacts artifacts)
    {
        ArtifactGuide guide = new(artifacts);
        guide.AppendFiles();
        guide.AppendTraining();
        guide.AppendEvaluation();
        guide.AppendOptimizer();
        guide.AppendParameters();
        guide.AppendCalls();
        guide.AppendData();
        guide.AppendExport();
        return guide._text.ToString();
    }

    private void AppendFiles()
    {
        Line("Artifacts for ONNX Runtime's training API (TrainingSession), version 1.19.2");
        Line("==========================================================================");
        Line($"{TrainingArtifacts.TrainingModelFile,-22}forward pass, loss, gradients and their accumulation");
        Line($"{TrainingArtifacts.EvaluationModelFile,-22}forward pass and loss, as at inference");
        Line($"{TrainingArtifacts.OptimizerModelFile,-22}the update of the trained parameters");
        Line($"{TrainingArtifacts.CheckpointFile,-22}{(_artifacts.Checkpoint.IsNominal ? "the names of the parameters, without weights" : "the parameters")}");
        Line("You feed and get the values listed under \"you\"; parameters, buffers and flags are the session's own affair.");
        Line("Values go by position, in the order below. Dimensions with a name, such as batch, may differ from call to call.");
    }

    private void AppendTraining()
    {
        Section($"{TrainingArtifacts.TrainingModelFile}: TrainStep");
        Table("You feed", _training.UserInputs, WhatYouFeed);
        Table("You get", _training.UserOutputs, WhatYouGet);
        Line();
        Line($"All inputs of the model, in order: {string.Join(", ", Counted(_training.UserInputs.Count, "of yours"), Counted(_training.Parameters.Count, "parameters"), Counted(_training.Gradients.Count, "gradient buffers"))}, {ArtifactNames.LazyResetGrad} bool [1].");
        Line($"All outputs, in order: {_training.UserOutputs.Count} of yours, then a flag for each trained parameter.");
        Line($"The buffer of a trained parameter P is {ArtifactNames.Buffer("P")}, float, of its shape; its flag is {ArtifactNames.Updated("P")}, bool [1].");
    }

    private void AppendEvaluation()
    {
        ArtifactSignature evaluation = ArtifactSignature.Of(_artifacts.EvaluationModel, _artifacts.Checkpoint);
        Section($"{TrainingArtifacts.EvaluationModelFile}: EvalStep");
        Table("You feed", evaluation.UserInputs, WhatYouFeed);
        Table("You get", evaluation.UserOutputs, WhatYouGet);
        Line("The parameters follow your inputs, in the order of the training model.");
    }

    private void AppendOptimizer()
    {
        Section($"{TrainingArtifacts.OptimizerModelFile}: OptimizerStep");
        Line("The session feeds all of it:");
        foreach (Value input in _artifacts.OptimizerModel.Graph.Inputs)
            Line($"  {input.Name,-24}{(input.ElementType == ElementType.Undefined ? "sequence of float tensors" : Typed(input))}");
        foreach (Node node in _artifacts.OptimizerModel.Graph.Nodes)
            Line($"Node {node.OpType}{(node.Attributes.Count > 0 ? ": " : "")}{string.Join(", ", node.Attributes.Select(a => $"{a.Name} {Text(a.Content)}"))}");
        if (_artifacts.OptimizerModel.Graph.Nodes.Any(n => n.OpType == "AdamWOptimizer" && n.Attributes.Int("adam_mode") == 0))
            Line("adam_mode 0 is PyTorch's AdamW: weights decay first, and epsilon is added after the bias correction.");
        else if (_artifacts.OptimizerModel.Graph.Nodes.Any(n => n.OpType == "AdamWOptimizer"))
            Line("adam_mode 1 is Hugging Face's AdamW: weights decay last, and epsilon is added before the bias correction.");
    }

    private void AppendParameters()
    {
        Checkpoint checkpoint = _artifacts.Checkpoint;
        Section($"{TrainingArtifacts.CheckpointFile}: parameters");
        Table("All of them, in order", _training.Parameters, p => checkpoint.Trainable.ContainsKey(p.Name) ? "trained" : "frozen");
        IEnumerable<Value> trained = _training.Parameters.Where(p => checkpoint.Trainable.ContainsKey(p.Name));
        Line($"{checkpoint.Trainable.Count} are trained and {checkpoint.Frozen.Count} frozen. A buffer of all holds {Count(_training.Parameters)} numbers, one of the trained ones {Count(trained)}.");
        if (checkpoint.IsNominal)
            Line("The checkpoint is nominal: copy the weights of all parameters in from a buffer before the first step, one after the other in this order (FromBuffer, trainable only: false).");
    }

    private void AppendCalls()
    {
        bool weighted = _training.UserInputs.Any(IsWeight);
        Section("A training step");
        Line("Calls are named as in C#; other languages spell them alike.");
        Line("  session = TrainingSession(CheckpointState.LoadCheckpoint(\"checkpoint\"), \"training_model.onnx\", \"eval_model.onnx\", \"optimizer_model.onnx\")");
        Line("  SetLearningRate(rate)          in each step that changes it; a new session begins at 0.001, whatever the checkpoint says");
        Line(weighted ? "  TrainStep(inputs)              for each micro-batch: gradients add up" : "  TrainStep(inputs)              forward and backward: gradients are added to the buffers");
        Line("  OptimizerStep()                updates the trained parameters");
        Line("  LazyResetGrad()                the next TrainStep overwrites the buffers");
        Line("EvalStep(inputs) computes loss and output without changing anything. SaveCheckpoint(state, path, includeOptimizerState: true) keeps all that");
        Line("is needed to go on later. RegisterLinearLRScheduler and SchedulerStep are there for a rate that rises and falls linearly.");
        if (weighted)
            Line($"Feed {TrainingArtifacts.GradientWeightInput} = examples of the micro-batch / examples of all micro-batches up to the next OptimizerStep; for one batch, 1.");
    }

    private void AppendData()
    {
        Model model = _artifacts.EvaluationModel;
        if (model.GetLabels() is { Count: > 0 } labels)
        {
            Section("Classes, by number");
            for (int i = 0; i < labels.Count; i++)
                Line($"  {i,4}  {labels[i]}");
        }
        if (model.GetPreprocessing() is { } p)
        {
            Section("From picture to input");
            Line($"Size {p.Width} x {p.Height} pixels, {p.ResizeMode}{Detail(p)}, {p.Interpolation}; channels {p.ChannelOrder}, layout {p.Layout}.");
            Line($"value = (pixel * {Text(p.Scale)} - mean) / std, pixel 0 to 255, mean {Texts(p.Mean)}, std {Texts(p.Std)}");
        }
    }

    private void AppendExport()
    {
        Section("Back to an inference model");
        Line("  onnxft export --artifacts THIS_FOLDER --checkpoint SAVED --out tuned.onnx");
        Line($"SAVED is what SaveCheckpoint wrote on the device; without it, {TrainingArtifacts.CheckpointFile} in this folder is taken. On the device itself,");
        Line($"ExportModelForInferencing(path, [\"{string.Join("\", \"", _artifacts.EvaluationModel.Graph.Outputs.Skip(1).Select(o => o.Name))}\"]) writes a model with that output.");
        string? meaning = ArtifactMetadata.OutputKindOf(_artifacts.EvaluationModel) switch
        {
            OutputKind.ClassLogits => "The output is one logit per class; softmax makes probabilities of it, which the first way puts into the model.",
            OutputKind.LabelLogits => "The output is one logit per label; the logistic function makes probabilities of it, which the first way puts into the model.",
            _ => null,
        };
        if (meaning is not null)
            Line(meaning);
    }

    private string WhatYouFeed(Value value) =>
        IsWeight(value) ? "the micro-batch's share of the whole batch"
        : ArtifactMetadata.InputsOf(_artifacts.EvaluationModel) is not { } own ? ""
        : own.Contains(value.Name) ? "the model's input"
        : _artifacts.EvaluationModel.Graph.Find(value.Name) is null ? "decides what Dropout drops: another number in each step, for example that of the step"
        : value.ElementType == ElementType.Int64 ? "the right classes, numbered from 0" : "the right values";

    private string WhatYouGet(Value value) => value.Graph.Outputs[0] == value ? "the loss" : "the model's output";

    private static bool IsWeight(Value value) => value.Name == TrainingArtifacts.GradientWeightInput;

    private void Table(string title, IReadOnlyList<Value> values, Func<Value, string> what)
    {
        Line($"{title}:");
        for (int i = 0; i < values.Count; i++)
            Line($"  {i,3}  {values[i].Name,-32}  {Typed(values[i]),-28}  {what(values[i])}".TrimEnd());
    }

    private void Section(string title)
    {
        Line();
        Line(title);
        Line(new string('-', title.Length));
    }

    private void Line(string text = "") => _text.Append(text).Append('\n');

    private static string Typed(Value value) => $"{value.ElementType.ToString().ToLowerInvariant()} {value.Shape?.ToString() ?? "of any shape"}";

    private static string Counted(int count, string what) => $"{count} {what}";

    private static long Count(IEnumerable<Value> parameters) => parameters.Sum(p => p.Shape?.ElementCount ?? 0);

    private static string Detail(ImagePreprocessing p) => p.ResizeMode switch
    {
        ResizeMode.CenterCrop => $" (the middle {Text(p.CropFraction)} of the shorter side)",
        ResizeMode.Letterbox => $" (borders of grey level {p.Padding})",
        _ => "",
    };

    private static string Texts(IEnumerable<float> values) => $"[{string.Join(", ", values.Select(v => Text(v)))}]";

    private static string Text(object? value) => Convert.ToString(value, CultureInfo.InvariantCulture) ?? "";
}
