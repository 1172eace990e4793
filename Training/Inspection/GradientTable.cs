using System.Text;
using OnnxFineTune.Surgery;

namespace OnnxFineTune.Training;

/// <summary>
/// All operators of ai.onnx that the runtime takes, and those of other domains that are known, with how their gradients are had. It is made of the rules themselves
/// and of what <see cref="WriteOut"/> knows.
/// </summary>
public static class GradientTable
{
    private const string NoReals = "reads no real numbers";
    private const string GivesNoReals = "gives no real numbers";
    private const string InSequence = "with the operator that takes an element out";
    private const string Replaced = "brought to the operator that replaced it";

    /// <summary>The standard's operators by name, then those of other domains.</summary>
    public static IReadOnlyList<OperatorGradient> All { get; } = [.. Standard(), .. Others()];

    /// <summary>The table as a page of Markdown, <c>docs/operators.md</c>.</summary>
    public static string ToMarkdown()
    {
        StringBuilder page = new();
        page.Append("# Operators and their gradients\n\n");
        page.Append($"Every operator of ai.onnx to operator set {StandardOperator.NewestOpset}, and those of `{RuntimeDomain.Name}` that are known. Made by `onnxft gradients --list --markdown`; do not edit.\n\n");
        page.Append("A model may have any operator in its frozen part. On the way from a trained parameter to the loss, each must have a gradient:\n\n");
        foreach (GradientSource source in Enum.GetValues<GradientSource>())
            page.Append($"- **{source.Text()}** ({All.Count(o => o.Source == source)}): {Meaning(source)}\n");
        page.Append("\nModels are brought to one operator set first, and local functions are inlined, so that old forms need no rules of their own.\n\n");
        page.Append("| operator | since | gradient | of | remark |\n|---|---|---|---|---|\n");
        foreach (OperatorGradient o in All)
            page.Append($"| {o.FullName} | {o.Since} | {o.Source.Text()} | {string.Join(", ", o.Inputs)} | {o.Remark} |\n".Replace("  ", " "));
        return page.ToString();
    }

    private static IEnumerable<OperatorGradient> Standard() => StandardOperator.All.Select(o => Entry(o, GradientRules.All.GetValueOrDefault(o.Name)));

    private static OperatorGradient Entry(StandardOperator o, GradientRule? rule)
    {
        OperatorGradient Of(GradientSource source, string remark = "") => new(Model.StandardDomain, o.Name, o.Since, source, [], remark);
        if (rule is { Function: not null })
            return Of(rule.Quantizes ? GradientSource.StraightThrough : GradientSource.Rule, rule.Limit) with { Inputs = [.. Differentiated(o, rule).Select(Text)] };
        if (rule is not null)
            return Of(GradientSource.None);
        if (WriteOut.Limits.TryGetValue(o.Name, out string? limit))
            return Of(GradientSource.WrittenOut, limit);
        if (SequenceElements.Makers.Contains(o.Name))
            return Of(GradientSource.WrittenOut, InSequence);
        if (o.IsDeprecated)
            return Of(GradientSource.WrittenOut, Replaced);
        return !o.Inputs.Any(i => i.IsReal) ? Of(GradientSource.None, NoReals)
            : !o.Outputs.Any(i => i.IsReal) ? Of(GradientSource.None, GivesNoReals) : Of(GradientSource.NotYet);
    }

    /// <summary>The inputs that the rule names, or all that may hold real numbers.</summary>
    private static IEnumerable<OperatorPort> Differentiated(StandardOperator o, GradientRule rule) =>
        rule.Inputs is { } inputs ? inputs.Select(i => o.Inputs[i]) : o.Inputs.Where(i => i.IsReal);

    private static string Text(OperatorPort port) => port.IsRepeated ? $"{port.Name}…" : port.Name;

    private static IEnumerable<OperatorGradient> Others() => WriteOut.Limits
        .Where(w => StandardOperator.All.All(o => o.Name != w.Key)).OrderBy(w => w.Key, StringComparer.Ordinal)
        .Select(w => new OperatorGradient(w.Key.Contains('.') ? w.Key[..w.Key.LastIndexOf('.')] : "", w.Key[(w.Key.LastIndexOf('.') + 1)..], null, GradientSource.WrittenOut, [], w.Value));

    private static string Meaning(GradientSource source) => source switch
    {
        GradientSource.Rule => "a rule gives the gradients of the inputs in the fourth column, in standard operators.",
        GradientSource.StraightThrough => "the same, with rounding taken for the identity; what is cut off at the ends of the range gets nothing.",
        GradientSource.WrittenOut => "the operator is replaced by others that compute the same, and these are differentiated.",
        GradientSource.None => "the gradient ends here: the result holds no real numbers or does not change with small changes of the inputs, or there is nothing to train in front.",
        _ => "freeze everything in front of it, or cut there; the error names the node and the path.",
    };
}
