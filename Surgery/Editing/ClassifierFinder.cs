namespace OnnxFineTune.Surgery;

/// <summary>
/// Recognises the classifier at the end of a network: <c>Gemm</c>; <c>MatMul</c> (+ <c>Add</c>); a 1×1 <c>Conv</c> (+ <c>Relu</c>) averaged over all
/// positions, or any <c>Conv</c> that leaves one position; each with Dropout, Flatten, Reshape, Squeeze, Identity, Cast, Softmax, LogSoftmax or
/// Sigmoid around it.
/// </summary>
/// <remarks>Works on shapes and names only: weights are not read. A model in working form has the shapes that some forms need.</remarks>
public static class ClassifierFinder
{
    private const string LookedFor = "Gemm, MatMul (+ Add), or a 1×1 Conv (+ Relu) with average pooling, each with Dropout, Flatten, Reshape, Squeeze, " +
        "Identity, Cast, Softmax, LogSoftmax or Sigmoid around it";

    private const int Suggestions = 5;

    /// <summary>The classifier of the first output that ends in one.</summary>
    /// <param name="reason">Where there is none, a sentence that says what stands there instead; otherwise empty.</param>
    public static Classifier? Find(Model model, out string reason)
    {
        string? first = null;
        foreach (Value output in model.Graph.Outputs)
        {
            ClassifierTail tail = new(output);
            if (tail.Classifier is { } classifier)
            {
                reason = "";
                return classifier;
            }
            first ??= tail.Reason;
        }
        reason = first ?? "The model has no output.";
        return null;
    }

    /// <summary>The classifier of the first output that ends in one.</summary>
    /// <exception cref="GraphException">There is none; the message lists what was looked for and the last values at which the model can be cut.</exception>
    public static Classifier Get(Model model) => Find(model, out string reason) ?? throw new GraphException(
        $"No classifier is recognised. {reason} Looked for: {LookedFor}.{LastCuts(model.Graph)}");

    private static string LastCuts(Graph graph)
    {
        if (graph.Outputs.Count == 0)
            return "";
        Value output = graph.Outputs[0];
        string[] cuts = [.. new DataPaths(graph, output).Cuts.Where(v => v != output && v.Producer is not null).TakeLast(Suggestions).Select(v => $"'{v.Name}'")];
        return cuts.Length == 0 ? "" : $" Cut at a value instead; the last that cut the whole model are {string.Join(", ", cuts)}.";
    }
}
