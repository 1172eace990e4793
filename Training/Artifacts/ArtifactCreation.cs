using OnnxFineTune.Inference;
using OnnxFineTune.Surgery;

namespace OnnxFineTune.Training;

/// <summary>Makes artifacts for ONNX Runtime's training API from file to folder: cut, attach, differentiate, write.</summary>
public static class ArtifactCreation
{
    /// <summary>Name of the frozen layers in the folder, an ordinary model, where the artifacts begin at its features.</summary>
    public const string FrozenModelFile = "frozen_model.onnx";

    /// <summary>Runs all of it. Either every file is written or none; artifacts that the folder held before are replaced.</summary>
    /// <exception cref="GraphException">The model cannot be used as asked.</exception>
    /// <exception cref="TrainingException">The training API cannot do what is asked; the message says what to change.</exception>
    /// <exception cref="ArgumentException">Options are out of range; the message lists all of them.</exception>
    /// <exception cref="IOException">The output folder cannot be written, or the model lies in it under the name of an artifact.</exception>
    /// <exception cref="OperationCanceledException">Cancelled; nothing is written.</exception>
    public static ArtifactCreationResult Run(ArtifactCreationOptions options, CancellationToken cancellationToken = default)
    {
        new OptionErrors().Include(options.Loss.Validate()).Include(options.Artifacts.Validate()).ThrowIfAny();
        AdapterTraining.Check(options.Lora, options.Trainable);
        cancellationToken.ThrowIfCancellationRequested();
        KeepModel(options);
        Model pretrained = Model.Load(options.Model);
        ModelEditor editor = pretrained.Edit();
        TensorSummary? cutAt = options.Head is { } head ? Replace(editor, head, options) : null;
        Model model = editor.Build();
        string? removed = options.Head is null ? LogitsOutput.Restore(model, options.Loss.OutputKind) : null;
        Describe(model, pretrained, options);
        LoraAttachment? attached = options.Lora?.Attach(model);
        model = attached?.Model ?? model;
        IReadOnlyList<Value> trained = (attached is null ? options.Trainable : Trainable.Adapters).Select(model);
        using StagedFolder folder = new(options.Output);        // a folder that cannot be written is an error before the work
        TrainingGraph graph = TrainingGraph.Build(model, options.Loss, trained.Select(p => p.Name),
            new TrainingGraphOptions { Seed = options.Seed, FrozenApart = options.FromFeatures, Kernels = options.Kernels });
        cancellationToken.ThrowIfCancellationRequested();
        TrainingArtifacts artifacts = TrainingArtifacts.Build(graph, options.Artifacts);
        Save(artifacts, graph.Frozen, folder.Path);
        cancellationToken.ThrowIfCancellationRequested();
        return Result(model, trained, graph.Frozen, artifacts, folder.Commit(FrozenModelFile)) with
        {
            CutAt = cutAt,
            Attached = options.Head is null ? [] : [.. model.HeadParameters.Select(p => TensorSummary.Of(model.Graph.Get(p)))],
            RemovedActivation = removed,
            Warnings = attached?.Warnings ?? [],
        };
    }

    /// <summary>Refuses to write over the model, as where frozen layers of an earlier run are the model of this one.</summary>
    private static void KeepModel(ArtifactCreationOptions options)
    {
        string[] files = [TrainingArtifacts.TrainingModelFile, TrainingArtifacts.EvaluationModelFile, TrainingArtifacts.OptimizerModelFile, FrozenModelFile];
        if (files.Any(f => Path.GetFullPath(f, Path.GetFullPath(options.Output)) == Path.GetFullPath(options.Model)))
            throw new IOException($"The model '{options.Model}' lies in the output folder under the name of an artifact and would be replaced. Give another folder.");
    }

    /// <summary>Attaches a head in place of what is cut off.</summary>
    /// <returns>What it reads.</returns>
    private static TensorSummary Replace(ModelEditor editor, IHead head, ArtifactCreationOptions options)
    {
        TensorSummary features = TensorSummary.Of(new CutPlace(options.Cut, options.DropBypass, options.RemoveLast).Apply(editor).Features);
        editor.Attach(head);
        return features;
    }

    /// <summary>Labels and preprocessing travel in the model's metadata.</summary>
    private static void Describe(Model model, Model pretrained, ArtifactCreationOptions options)
    {
        if (options.Preprocessing is { } preset)
            model.SetPreprocessing(ImagePreprocessing.For(pretrained, preset));
        if (options.Labels is { } given)
            model.SetLabels(given);
        if (model.GetLabels() is { } labels)
            LabelCount.Check(model, labels);
    }

    private static void Save(TrainingArtifacts artifacts, Model? frozen, string folder)
    {
        artifacts.Save(folder);
        if (frozen is null)
            return;
        DowngradeOpset.Run(frozen);        // the same runtime reads it
        frozen.IrVersion = TrainingArtifacts.IrVersion;
        frozen.Save(Path.Combine(folder, FrozenModelFile));
        const string title = $"{FrozenModelFile}: the frozen layers, for any session";
        File.AppendAllText(Path.Combine(folder, TrainingArtifacts.GuideFile), $"""

            {title}
            {new string('-', title.Length)}
            It computes what the models above begin with. Run it once per example, without augmentation, and keep what it gives.
            You feed: {string.Join("; ", frozen.Graph.FeedInputs)}
            You get: {string.Join("; ", frozen.Graph.Outputs)}

            """);
    }

    private static ArtifactCreationResult Result(Model model, IReadOnlyList<Value> trained, Model? frozen, TrainingArtifacts artifacts, IReadOnlyList<ArtifactFile> files)
    {
        long count = trained.Sum(p => p.Data!.Count);
        ArtifactSignature training = ArtifactSignature.Of(artifacts.TrainingModel, artifacts.Checkpoint), evaluation = ArtifactSignature.Of(artifacts.EvaluationModel, artifacts.Checkpoint);
        return new ArtifactCreationResult
        {
            Attached = [],
            Trained = [.. trained.Select(TensorSummary.Of)],
            TrainedParameters = count,
            FrozenParameters = Parameters.Of(model).Sum(p => p.Data!.Count) - count,
            Labels = model.GetLabels(),
            FrozenInputs = [.. (frozen?.Graph.FeedInputs ?? []).Select(TensorSummary.Of)],
            TrainingInputs = [.. training.UserInputs.Select(TensorSummary.Of)],
            EvaluationInputs = [.. evaluation.UserInputs.Select(TensorSummary.Of)],
            Outputs = [.. training.UserOutputs.Select(TensorSummary.Of)],
            Files = files,
        };
    }
}
