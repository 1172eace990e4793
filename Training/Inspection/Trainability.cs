using OnnxFineTune.Surgery;

namespace OnnxFineTune.Training;

/// <summary>Whether a model can be trained, from where on, and what that takes; plain data that System.Text.Json writes as it is.</summary>
/// <param name="Batch">Examples in a batch.</param>
/// <param name="Cuts">Everything first, then from each value on at which the model can be cut, in order from input to output; those behind all parameters are left out.</param>
/// <param name="Blocking">The operators that no gradient passes, in order.</param>
public sealed record Trainability(int Batch, IReadOnlyList<TrainableCut> Cuts, IReadOnlyList<BlockingOperator> Blocking)
{
    /// <summary>Looks at a model; it is not changed. It is differentiated once, and what each cut needs is read off that.</summary>
    /// <param name="model">Any model; its first output counts.</param>
    /// <param name="batch">Examples in a batch, 1 or more.</param>
    /// <exception cref="GraphException">The model cannot be brought to working form, or the rank of its output is unknown.</exception>
    public static Trainability Of(Model model, int batch = 1)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(batch, 1);
        Model work = TrainingGraph.OfFirstOutput(model);
        string[] parameters = [.. Surgery.Parameters.Of(work).Select(p => p.Name)];
        IReadOnlyList<CutPoint> points = CutPoints.Of(work);
        BackwardSurvey survey = BackwardSurvey.Of(TrainingGraph.WithRealWeights(work, [.. parameters]), parameters);
        return new TrainabilityReport(survey, batch).Of(points);
    }
}
