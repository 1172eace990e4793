using OnnxFineTune.Surgery;

namespace OnnxFineTune.Benchmarks;

/// <summary>An edit of a network's end.</summary>
/// <param name="Name">What is done.</param>
/// <param name="Removed">How many layers go.</param>
/// <param name="Head">What comes.</param>
internal sealed record TextbookCase(string Name, int Removed, IHead Head)
{
    /// <summary>The two cases of the textbooks.</summary>
    /// <param name="classes">Classes of the new task.</param>
    public static IReadOnlyList<TextbookCase> All(int classes) =>
    [
        new("the last layer goes, one comes", 1, new LinearHead(classes)),
        new("the last three layers go, two come", 3, new MlpHead(classes, 256)),
    ];

    /// <summary>Loads, cuts and attaches.</summary>
    public Model Edit(string path) => Model.Load(path).Edit().RemoveLast(Removed).Attach(Head).Build();
}
