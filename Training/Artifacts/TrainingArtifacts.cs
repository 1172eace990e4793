using OnnxFineTune.Surgery;

namespace OnnxFineTune.Training;

/// <summary>
/// What ONNX Runtime's training API (<c>TrainingSession</c> in C#, Java, Swift, C++) trains from: three models and a checkpoint. Only the parameters
/// that the <see cref="TrainingGraph"/> trains are listed as trainable. Made for runtime 1.19.2, the last with that API.
/// </summary>
public sealed class TrainingArtifacts
{
    /// <summary>File name of <see cref="TrainingModel"/>.</summary>
    public const string TrainingModelFile = "training_model.onnx";

    /// <summary>File name of <see cref="EvaluationModel"/>.</summary>
    public const string EvaluationModelFile = "eval_model.onnx";

    /// <summary>File name of <see cref="OptimizerModel"/>.</summary>
    public const string OptimizerModelFile = "optimizer_model.onnx";

    /// <summary>File name of <see cref="Checkpoint"/>.</summary>
    public const string CheckpointFile = "checkpoint";

    /// <summary>File name of the guide to inputs, outputs and calls.</summary>
    public const string GuideFile = "README.txt";

    /// <summary>
    /// The training model's last user input with <see cref="ArtifactOptions.GradientAccumulation"/>, float [1]: the micro-batch's share of the whole
    /// batch, its examples divided by those of all micro-batches up to the next optimizer step.
    /// </summary>
    public const string GradientWeightInput = "gradient_weight";

    /// <summary>Why there are no artifacts of a graph that updates running statistics.</summary>
    internal const string NoStatistics = "ONNX Runtime's training API has no state but parameters and the optimizer's, so running statistics of BatchNormalization cannot be updated there; " +
        "leave them frozen, or train with the step-graph engine.";

    /// <summary>The version of the file format of all three models; the runtime refuses later ones.</summary>
    internal const long IrVersion = 10;

    private TrainingArtifacts(Model training, Model evaluation, Model optimizer, Checkpoint checkpoint) =>
        (TrainingModel, EvaluationModel, OptimizerModel, Checkpoint) = (training, evaluation, optimizer, checkpoint);

    /// <summary>
    /// The caller's inputs, all parameters, a gradient buffer per trained parameter, <c>lazy_reset_grad</c> (inputs, in this order) → loss, the model's output, a
    /// flag per trained parameter.
    /// </summary>
    public Model TrainingModel { get; }

    /// <summary>The caller's inputs, all parameters in the training model's order → loss and the model's output, as at inference.</summary>
    public Model EvaluationModel { get; }

    /// <summary>Learning rate, step and sequences of parameters, gradients and moments → a flag.</summary>
    public Model OptimizerModel { get; }

    /// <summary>The parameters at the start of training, and the optimizer's state once there is one.</summary>
    public Checkpoint Checkpoint { get; }

    /// <summary>Makes artifacts of a training graph.</summary>
    /// <param name="graph">For a model that is to begin at its own inputs, one built with <see cref="TrainingGraphOptions.FrozenApart"/> off.</param>
    /// <param name="options">Optimizer and what else the artifacts hold.</param>
    /// <exception cref="ArgumentException">The options are out of range, or the optimizer is none of the training API's.</exception>
    /// <exception cref="TrainingException">The weights take over 2 GB, a parameter has a name that the training API keeps for itself, or the graph updates running statistics.</exception>
    /// <exception cref="GraphException">The model needs an operator that the runtime does not have.</exception>
    public static TrainingArtifacts Build(TrainingGraph graph, ArtifactOptions? options = null)
    {
        options ??= new ArtifactOptions();
        new OptionErrors().Include(options.Validate()).ThrowIfAny();
        if (graph.Statistics.Count > 0)
            throw new TrainingException(NoStatistics);
        // Weights of other types stay constants: the runtime copies parameters to and from buffers of float32 only.
        string[] frozen = [.. graph.FrozenParameters.Where(n => graph.Training.Graph.Find(n) is { IsInitializer: true, ElementType: ElementType.Float })];
        ArtifactNames.CheckParameters([.. graph.Parameters.Select(p => p.Name)], frozen);
        Checkpoint checkpoint = CheckpointOf(graph, frozen, options.Nominal);
        CheckpointWriter.CheckedSize(checkpoint);
        Model training = TrainingModelBuilder.Training(graph, frozen, options.GradientAccumulation);
        Value[] parameters = [.. graph.Parameters.Select(p => p.Name).Concat(frozen).Select(training.Graph.Get)];
        Model evaluation = TrainingModelBuilder.Evaluation(graph, parameters);
        return new TrainingArtifacts(training, evaluation, OptimizerModelBuilder.Build(options.Optimizer, options.Clipping), checkpoint);
    }

    /// <summary>Writes the four artifacts and the guide to a folder, which is made if need be; files appear when all of them are complete.</summary>
    /// <exception cref="TrainingException">A file cannot be written; existing ones are untouched.</exception>
    public void Save(string folder) => ArtifactFolder.Save(this, folder);

    /// <summary>Opens artifacts, made by this or by another tool.</summary>
    /// <exception cref="TrainingException">A file is missing, or the checkpoint is damaged.</exception>
    /// <exception cref="GraphException">A model is damaged.</exception>
    public static TrainingArtifacts Load(string folder) => new(
        ArtifactFolder.LoadModel(folder, TrainingModelFile), ArtifactFolder.LoadModel(folder, EvaluationModelFile),
        ArtifactFolder.LoadModel(folder, OptimizerModelFile), Checkpoint.Read(ArtifactFolder.Existing(folder, CheckpointFile)));

    /// <summary>The same models with another checkpoint.</summary>
    public TrainingArtifacts WithCheckpoint(Checkpoint checkpoint) => new(TrainingModel, EvaluationModel, OptimizerModel, checkpoint);

    /// <summary>The plain inference model with the checkpoint's parameters: what evaluation computes, without the loss.</summary>
    /// <param name="model">
    /// Takes the parameters by name; where a weight is not there under its name and type, the model is brought to its working form first. Null to take the
    /// model from <see cref="EvaluationModel"/>, which artifacts made by this tool allow.
    /// </param>
    /// <returns>The model as <see cref="TunedModel"/> makes it: probabilities behind logits, labels and preprocessing in the metadata, no Dropout.</returns>
    /// <exception cref="TrainingException">The checkpoint has no weights, or a parameter is missing or of another shape.</exception>
    public Model ToInferenceModel(Model? model = null) =>
        model is null ? InferenceExport.FromEvaluation(EvaluationModel, Checkpoint) : InferenceExport.IntoModel(model, EvaluationModel, Checkpoint);

    private static Checkpoint CheckpointOf(TrainingGraph graph, string[] frozen, bool nominal)
    {
        OrderedDictionary<string, TensorData> Tensors(IEnumerable<(string Name, TensorData Data)> all)
        {
            OrderedDictionary<string, TensorData> tensors = [];
            foreach ((string name, TensorData data) in all)
                tensors.Add(name, nominal ? TensorData.FromFloats([], 0) : data);
            return tensors;
        }
        return new Checkpoint
        {
            Trainable = Tensors(graph.Parameters.Select(p => (p.Name, p.Initial))),
            Frozen = Tensors(frozen.Select(n => (n, graph.Training.Graph.Get(n).Data!))),
            IsNominal = nominal,
        };
    }
}
