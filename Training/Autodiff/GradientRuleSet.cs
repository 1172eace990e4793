using System.Collections;

namespace OnnxFineTune.Training;

/// <summary>A table of rules by operator name; a duplicate name throws.</summary>
/// <param name="broadcasts">Whether the operators broadcast their inputs: see <see cref="GradientRule.Broadcasts"/>.</param>
internal sealed class GradientRuleSet(bool broadcasts = false) : IEnumerable<KeyValuePair<string, GradientRule>>
{
    private readonly Dictionary<string, GradientRule> _rules = [];

    /// <summary>Adds a rule written as a lambda.</summary>
    public void Add(string opType, GradientFunction function) => _rules.Add(opType, GradientRule.From(function, broadcasts));

    /// <summary>Adds a rule that has limits, or that gives gradients to the named inputs only; see <see cref="GradientRule.From"/>.</summary>
    public void Add(string opType, GradientFunction function, string limit, int[]? inputs = null) => _rules.Add(opType, GradientRule.From(function, broadcasts, inputs: inputs, limit: limit));

    /// <summary>Adds a rule.</summary>
    public void Add(string opType, GradientRule rule) => _rules.Add(opType, rule);

    /// <summary>The rule of an operator, or null.</summary>
    public GradientRule? Find(string opType) => _rules.GetValueOrDefault(opType);

    /// <inheritdoc/>
    public IEnumerator<KeyValuePair<string, GradientRule>> GetEnumerator() => _rules.GetEnumerator();

    IEnumerator IEnumerable.GetEnumerator() => GetEnumerator();
}
