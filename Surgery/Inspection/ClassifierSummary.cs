namespace OnnxFineTune.Surgery;

/// <summary>The recognised classifier of a model.</summary>
/// <param name="Kind">Its layer: Gemm, MatMul or Conv.</param>
/// <param name="Features">What it reads, and where <see cref="ModelEditor.RemoveClassifier"/> cuts.</param>
/// <param name="Classes">Number of classes.</param>
/// <param name="Operators">The operators that go, in order.</param>
/// <param name="Parameters">Names of its parameters.</param>
public sealed record ClassifierSummary(string Kind, TensorSummary Features, int Classes, IReadOnlyList<string> Operators, IReadOnlyList<string> Parameters)
{
    internal static ClassifierSummary Of(Classifier classifier) => new(classifier.Kind.ToString(), TensorSummary.Of(classifier.Features), classifier.Classes,
        [.. classifier.Nodes.Select(n => n.OpType)], [.. classifier.Parameters.Select(p => p.Name)]);
}
