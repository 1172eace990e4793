using System.CommandLine;
using System.CommandLine.Parsing;
using System.Globalization;
using System.Numerics;

namespace OnnxFineTune.Cli;

/// <summary>Makes options that take a number within bounds; anything else is wrong usage, told in words.</summary>
internal static class NumberOption
{
    /// <summary>An option with a default.</summary>
    /// <param name="name">For example <c>--epochs</c>.</param>
    /// <param name="text">What it means.</param>
    /// <param name="unit">Stands for the number in the help.</param>
    /// <param name="value">The default.</param>
    /// <param name="fits">Whether a number is possible.</param>
    /// <param name="bounds">The same in words, behind "it must be a number".</param>
    public static Option<T> Of<T>(string name, string text, string unit, T value, Predicate<T> fits, string bounds) where T : struct, INumber<T> =>
        new(name) { Description = text, HelpName = unit, CustomParser = result => Parse(result, name, fits, bounds), DefaultValueFactory = _ => value };

    /// <summary>An option that is null when it is not given.</summary>
    public static Option<T?> Optional<T>(string name, string text, string unit, Predicate<T> fits, string bounds) where T : struct, INumber<T> =>
        new(name) { Description = text, HelpName = unit, CustomParser = result => Parse(result, name, fits, bounds) };

    /// <summary>Reads the number, or tells what is wrong with it.</summary>
    public static T Parse<T>(ArgumentResult result, string name, Predicate<T> fits, string bounds) where T : struct, INumber<T>
    {
        string text = result.Tokens[0].Value;
        if (T.TryParse(text, NumberStyles.Float, CultureInfo.InvariantCulture, out T value) && T.IsFinite(value) && fits(value))
            return value;
        string kind = default(T) is int or long ? "a whole number" : "a number";
        result.AddError($"{name} is '{text}'; it must be {kind}{(bounds.Length > 0 ? " " : "")}{bounds}.");
        return default;
    }
}
