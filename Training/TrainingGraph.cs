using OnnxFineTune.Surgery;

namespace OnnxFineTune.Training;

/// <summary>
/// Forward pass, loss and gradients of a model as graphs of standard operators: what every training engine builds on. The frozen layers in
/// front, on which nothing trained has an influence, are a model of their own, unless the options say otherwise.
/// </summary>
/// <remarks>
/// BatchNormalization keeps its running statistics, unless the options say that it takes those of the batch in <see cref="Training"/> and updates the running ones. Dropout is active in <see cref="Training"/> only, with masks that follow from the seed and <see cref="DropoutStep"/>, so that
/// every engine drops the same; Dropout within the frozen part stays off, but one that stands directly before trained layers belongs to them.
/// </remarks>
public sealed partial class TrainingGraph
{
    private TrainingGraph(Model? frozen, Model training, Model evaluation)
    {
        Frozen = frozen;
        Training = training;
        Evaluation = evaluation;
    }

    /// <summary>The frozen layers in front: the model's inputs → the features that trained layers read; null when training starts at the inputs.</summary>
    public Model? Frozen { get; }

    /// <summary>
    /// Features, targets, <see cref="DropoutStep"/> where there is one, parameters, and running statistics where they are updated (inputs, in this order) → loss, the model's output, then the
    /// gradients in the order of <see cref="Parameters"/>, then the next statistics in the order of <see cref="Statistics"/>.
    /// </summary>
    public Model Training { get; }

    /// <summary>The same inputs but for <see cref="DropoutStep"/> → loss and the model's output, with Dropout off and BatchNormalization by its running statistics.</summary>
    public Model Evaluation { get; }

    /// <summary>
    /// What the trained part reads: inputs of <see cref="Training"/>. Where the frozen layers are apart they are float, with the batch in the first dimension, and outputs of
    /// <see cref="Frozen"/> of the same names; else they are the model's inputs.
    /// </summary>
    public required IReadOnlyList<Value> Features { get; init; }

    /// <summary>The targets, an input of <see cref="Training"/>.</summary>
    public required Value Targets { get; init; }

    /// <summary>Input of <see cref="Training"/>, int64 [1], that decides with the seed what Dropout drops: another number in each step. Null where nothing is dropped.</summary>
    public Value? DropoutStep { get; init; }

    /// <summary>The model's output in <see cref="Training"/>.</summary>
    public required Value Output { get; init; }

    /// <summary>The loss in <see cref="Training"/>, a float scalar.</summary>
    public required Value Loss { get; init; }

    /// <summary>What the model's output means, by the loss.</summary>
    public required OutputKind OutputKind { get; init; }

    /// <summary>The operators in which the gradients are written.</summary>
    public required GradientKernels Kernels { get; init; }

    /// <summary>Names of the initializers of <see cref="Training"/> that are parameters but are not trained.</summary>
    public required IReadOnlyList<string> FrozenParameters { get; init; }

    /// <summary>The trained parameters, in the order of the model's initializers.</summary>
    public required IReadOnlyList<TrainedParameter> Parameters { get; init; }

    /// <summary>The running statistics that <see cref="Training"/> updates, in the order of the graph; empty with <see cref="BatchNormalizationMode.Frozen"/>.</summary>
    public required IReadOnlyList<RunningStatistic> Statistics { get; init; }

    /// <summary>The fewest examples of a training step: 2 where a BatchNormalization that takes the statistics of the batch has but one value per example and channel, since one value has no variance; else 1.</summary>
    public required int SmallestBatch { get; init; }

    /// <summary>Splits, differentiates and checks a model.</summary>
    /// <param name="model">Any model; it is not changed. Its first output is trained.</param>
    /// <param name="loss">What to minimise.</param>
    /// <param name="parameters">Names of the initializers to train.</param>
    /// <param name="options">Seed, extent and kernels; the defaults suit <see cref="StepGraphEngine"/>.</param>
    /// <exception cref="GraphException">A parameter does not exist, is not a float tensor or has no influence on the output; or an operator has no gradient.</exception>
    /// <exception cref="ArgumentException">The options of the loss are out of range.</exception>
    /// <exception cref="TrainingException">Running statistics are to be updated in kernels of the training API, which has no state for them.</exception>
    public static TrainingGraph Build(Model model, ILoss loss, IEnumerable<string> parameters, TrainingGraphOptions? options = null)
    {
        options ??= new TrainingGraphOptions();
        new OptionErrors().Include(loss.Validate()).ThrowIfAny();
        if (options is { BatchNormalization: BatchNormalizationMode.Batch, Kernels: GradientKernels.OrtTraining })
            throw new TrainingException(TrainingArtifacts.NoStatistics);
        HashSet<string> names = [.. parameters];
        Model own = model.Clone();
        OwnStatistics.Run(own);
        Model work = InKnownOperators(WithRealWeights(OfFirstOutput(own), names), names);
        FrozenSplit split = FrozenSplit.Of(work.Graph, FindParameters(work.Graph, names));
        Model? frozen = options.FrozenApart ? split.FrozenPart(work) : null;
        Model trained = split.TrainedPart(work);
        string[] dropout = !options.Dropout ? [] : [.. trained.Graph.Nodes.Where(DropoutMode.IsDropout).Select(n => n.Outputs[0]!.Name)];
        TrainingGraph graph = Differentiate(frozen, options.FrozenApart ? trained : work, loss, names, dropout, options);
        return graph.Statistics.FirstOrDefault(s => own.Graph.Find(s.Name)?.Data is null) is not { } lost ? graph
            : throw new GraphException($"The statistics '{lost.Name}' are no weights of the model's main graph (they are computed, or lie in a function or a branch), so they cannot be updated; leave BatchNormalization frozen.");
    }

    /// <summary>The model in working form, with what its first output needs.</summary>
    internal static Model OfFirstOutput(Model model)
    {
        Model work = model.ToWorkingForm();
        if (work.Graph.Outputs.Count == 0)
            throw new GraphException("The model has no output to train; keep at least one.");
        work.Graph.SetOutputs(work.Graph.Outputs[0]);
        RemoveUnused.Run(work.Graph);
        InferenceMode.Run(work);
        return work;
    }

    /// <summary>Quantized weights that are to be trained become float.</summary>
    internal static Model WithRealWeights(Model work, HashSet<string> names)
    {
        if (!names.Any(n => work.Graph.Find(n) is { Data.ElementType: var type } && !type.IsFloatingPoint()))
            return work;
        DequantizeWeights.Run(work, names);
        return work.ToWorkingForm();
    }

    /// <summary>Writes operators without a gradient rule out where a gradient has to pass them, again and again: one may be written in others of that kind.</summary>
    private static Model InKnownOperators(Model work, HashSet<string> names)
    {
        while (true)
        {
            TrainablePaths paths = TrainablePaths.From(FindParameters(work.Graph, names), work.Graph.Nodes);
            if (!WriteOut.Run(work.Graph, [.. paths.PassedFrom(work.Graph.Outputs[0], work.Graph.Nodes).Where(n => GradientRules.Standard.Find(n) is null)]))
                return work;
            work = work.ToWorkingForm();
        }
    }

    private static List<Value> FindParameters(Graph graph, HashSet<string> names)
    {
        if (names.Count == 0)
            throw new GraphException("No parameter is to be trained; unfreeze some, for example the head.");
        List<Value> found = [];
        foreach (string name in names)
        {
            Value value = graph.Get(name);
            if (value.Data is null)
                throw new GraphException($"'{name}' is no parameter: only initializers can be trained.");
            if (value.ElementType != ElementType.Float)
                throw new GraphException($"'{name}' is {value.ElementType} and cannot be trained; parameters are float32.");
            found.Add(value);
        }
        return found;
    }

    private static TrainingGraph Differentiate(Model? frozen, Model trained, ILoss loss, HashSet<string> names, string[] dropout, TrainingGraphOptions options)
    {
        Graph graph = trained.Graph;
        Value output = graph.Outputs[0];
        Value[] features = [.. graph.FeedInputs];
        string[] frozenParameters = [.. Surgery.Parameters.Of(trained).Where(p => p.ElementType.IsFloatingPoint()).Select(p => p.Name).Where(p => !names.Contains(p))];
        Value targets = graph.AddInput(graph.UniqueName("targets"), loss.TargetType, loss.TargetShape(ShapeOf(output)));
        Value? dropoutStep = dropout.Length == 0 ? null : graph.AddInput(graph.UniqueName("dropout_step"), ElementType.Int64, Shape.Of(1));
        List<(Value Value, TensorData Initial)> parameters = [.. graph.Initializers.Where(v => names.Contains(v.Name)).ToArray().Select(v => (v, graph.InitializerToInput(v)))];
        BatchStatistics statistics = new(options.BatchNormalization == BatchNormalizationMode.Batch ? BatchStatistics.NodesBehind(parameters.Select(p => p.Value), graph) : []);
        GraphBuilder op = new(graph, "loss");
        LossNodes nodes = loss.Build(op, output, targets, options.Kernels);
        nodes.Loss.Shape = Shape.Scalar;
        graph.SetOutputs(nodes.Loss, output);
        Model evaluation = trained.Clone();
        RemoveUnused.Run(evaluation.Graph);
        if (dropoutStep is not null)
        {
            evaluation.Graph.RemoveInput(evaluation.Graph.Get(dropoutStep.Name));
            DropoutMode.Activate([.. dropout.Select(y => graph.Get(y).Producer!)], dropoutStep, options.Seed);
            output = graph.Outputs[1];
        }
        statistics.Activate();
        Value[] gradients = AppendGradients(trained, nodes, output, [.. parameters.Select(p => p.Value)], options);
        IReadOnlyList<RunningStatistic> running = statistics.AppendUpdate(new GraphBuilder(graph, "statistics"));
        graph.SetOutputs([nodes.Loss, output, .. gradients, .. running.Select(s => s.Next)]);
        TrainingModeNodes.WriteOut(graph);
        RemoveUnused.Run(graph);
        NativeKernels.Import(trained);
        return new TrainingGraph(frozen, trained, evaluation)
        {
            Features = features,
            Targets = targets,
            DropoutStep = dropoutStep,
            Output = output,
            FrozenParameters = frozenParameters,
            OutputKind = loss.OutputKind,
            Loss = nodes.Loss,
            Kernels = options.Kernels,
            Statistics = running,
            SmallestBatch = statistics.SmallestBatch,
            Parameters = [.. parameters.Select((p, i) => new TrainedParameter(p.Value.Name, p.Value, gradients[i], p.Initial))],
        };
    }

    private static Value[] AppendGradients(Model model, LossNodes nodes, Value output, IReadOnlyList<Value> parameters, TrainingGraphOptions options)
    {
        GraphBuilder op = new(model.Graph, "grad");
        if (nodes.Gradient is null)
            InferShapes.Run(model);       // the rules need the shapes of the loss's own values
        else
            nodes.Gradient.Shape = output.Shape;
        Recomputation recomputation = new(model.Graph, parameters, options.Checkpointing);
        Value[] sources = [.. parameters, .. recomputation.Ends];
        IReadOnlyDictionary<Value, Value> gradients = nodes.Gradient is { } seed
            ? Differentiation.Append(op, output, seed, sources, options.Kernels)
            : Differentiation.Append(op, nodes.Loss, sources, options.Kernels);
        recomputation.Apply(gradients);
        return [.. parameters.Select(p => gradients.TryGetValue(p, out Value? gradient) ? Named(op, gradient, p)
            : throw new GraphException($"'{p.Name}' has no influence on the loss that a gradient could follow; freeze it."))];
    }

    /// <summary>The gradient under the name <c>NAME_grad</c>, by which other engines find it.</summary>
    private static Value Named(GraphBuilder op, Value gradient, Value parameter)
    {
        Graph graph = op.Graph;
        if (gradient.Producer is null || gradient.IsOutput || gradient.Name.EndsWith("_grad", StringComparison.Ordinal))
            gradient = op.Identity(gradient);        // one value may be the gradient of two parameters
        gradient.Shape = parameter.Shape;
        graph.Rename(gradient, graph.UniqueName($"{parameter.Name}_grad"));
        return gradient;
    }

    private static Shape ShapeOf(Value output) => output.Shape
        ?? throw new GraphException($"The rank of the model's output '{output.Name}' is unknown, so it cannot be trained; cut the model where shapes are known.");
}
