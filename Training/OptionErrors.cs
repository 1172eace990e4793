namespace OnnxFineTune.Training;

/// <summary>Collects what is wrong with options, so that all of it is told at once.</summary>
internal sealed class OptionErrors
{
    private readonly List<string> _errors = [];

    /// <summary>The errors so far, one sentence each.</summary>
    public IReadOnlyList<string> All => _errors;

    /// <summary>An error unless the value lies between the bounds, both included.</summary>
    public OptionErrors InRange(string name, double value, double low, double high)
    {
        if (!(value >= low && value <= high))
            _errors.Add($"{name} is {value:R}; it must lie between {low:R} and {high:R}.");
        return this;
    }

    /// <summary>An error unless the value is at least <paramref name="low"/> and below <paramref name="high"/>.</summary>
    public OptionErrors Below(string name, double value, double low, double high)
    {
        if (!(value >= low && value < high))
            _errors.Add($"{name} is {value:R}; it must be at least {low:R} and below {high:R}.");
        return this;
    }

    /// <summary>An error unless the value is a finite number, at least 0.</summary>
    public OptionErrors NotNegative(string name, double value) => Require(value >= 0 && double.IsFinite(value), $"{name} is {value:R}; it must be a finite number, 0 or more.");

    /// <summary>An error unless the value is a finite number above 0.</summary>
    public OptionErrors Positive(string name, double value) => Require(value > 0 && double.IsFinite(value), $"{name} is {value:R}; it must be a finite number above 0.");

    /// <summary>An error unless the value is one of those that the enumeration names.</summary>
    public OptionErrors Defined<T>(string name, T value) where T : struct, Enum =>
        Require(Enum.IsDefined(value), $"{name} is {value}; it must be {string.Join(" or ", Enum.GetNames<T>())}.");

    /// <summary>An error unless the condition holds.</summary>
    public OptionErrors Require(bool condition, string error)
    {
        if (!condition)
            _errors.Add(error);
        return this;
    }

    /// <summary>Adds errors found elsewhere.</summary>
    public OptionErrors Include(IEnumerable<string> errors)
    {
        _errors.AddRange(errors);
        return this;
    }

    /// <summary>Throws when there is an error.</summary>
    /// <exception cref="ArgumentException">Lists every error.</exception>
    public void ThrowIfAny()
    {
        if (_errors.Count > 0)
            throw new ArgumentException(string.Join(" ", _errors));
    }
}
