using OnnxFineTune.Inference;
using OnnxFineTune.Surgery;

namespace OnnxFineTune.Training;

/// <summary>Makes the plain inference model out of a model and its trained parameters.</summary>
public static class TunedModel
{
    /// <summary>Name of the output of a tuned classifier: softmax over classes, or one logistic value per label; [N, C], rows as the inputs.</summary>
    public const string Probabilities = "probabilities";

    /// <summary>A copy of <paramref name="model"/> with other parameters, ready for inference: in inference mode even where <paramref name="model"/> was exported in training mode, without Dropout.</summary>
    /// <param name="model">The model that was trained; it stays as it is.</param>
    /// <param name="parameters">Trained parameters, and running statistics of BatchNormalization, by name; all other weights stay the very same tensors. Those that were quantized are float32 now.</param>
    /// <param name="kind">What its output means, and so what is put behind it.</param>
    /// <param name="labels">Names of the classes, stored in the metadata; nothing is stored where there are none.</param>
    /// <param name="preprocessing">Stored in the metadata; null leaves what is there.</param>
    /// <exception cref="GraphException">A parameter is not a weight of the model, or its shape differs.</exception>
    public static Model Build(Model model, IReadOnlyDictionary<string, TensorData> parameters, OutputKind kind, IReadOnlyList<string> labels, ImagePreprocessing? preprocessing)
    {
        Model tuned = model.Clone();
        OwnStatistics.Run(tuned);
        DequantizeWeights.Run(tuned, parameters.Keys);
        foreach ((string name, TensorData data) in parameters)
            Replace(tuned.Graph, tuned.Graph.Get(name), data);
        InferenceMode.Run(tuned);
        RemoveDropout.Run(tuned.Graph);
        AppendProbabilities(tuned, kind);
        if (labels.Count > 0)
            tuned.SetLabels(labels);
        if (preprocessing is not null)
            tuned.SetPreprocessing(preprocessing);
        return tuned;
    }

    private static void Replace(Graph graph, Value parameter, TensorData data)
    {
        if (parameter.Data is not { } old || !old.Shape.Equals(data.Shape))
            throw new GraphException($"The trained parameter '{parameter.Name}' {data.Shape} is not a weight of that shape in the model.");
        graph.SetInitializer(parameter, data);
    }

    private static void AppendProbabilities(Model model, OutputKind kind)
    {
        if (kind == OutputKind.Values)
            return;
        Graph graph = model.Graph;
        Value logits = graph.Outputs[0];
        model.Vacate(Probabilities, $"{Probabilities}_before");
        GraphBuilder op = new(graph);
        Value probabilities = kind == OutputKind.ClassLogits ? op.Softmax(logits, 1) : op.Sigmoid(logits);
        (probabilities.ElementType, probabilities.Shape) = (logits.ElementType, logits.Shape);
        graph.Rename(probabilities, Probabilities);
        graph.SetOutputs([probabilities, .. graph.Outputs.Skip(1)]);
    }
}
