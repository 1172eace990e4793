using OnnxFineTune.Surgery;

namespace OnnxFineTune.Training;

/// <summary>The factor on the learning rate of each trained parameter.</summary>
internal static class ParameterRates
{
    /// <summary>The factors by name, those that are 1 left out.</summary>
    /// <param name="model">A model in working form, with its head.</param>
    /// <param name="trained">Names of the trained parameters.</param>
    /// <param name="options">See <see cref="TrainerOptions.LayerDecay"/> and <see cref="TrainerOptions.LearningRateFactors"/>.</param>
    /// <exception cref="GraphException">A pattern fits no trained parameter.</exception>
    public static IReadOnlyDictionary<string, float> Of(Model model, IReadOnlyList<string> trained, TrainerOptions options)
    {
        (LearningRateFactor Given, NamePattern Names)[] patterns = [.. options.LearningRateFactors.Select(f => (f, new NamePattern(f.Pattern)))];
        foreach ((LearningRateFactor given, NamePattern names) in patterns)
            if (!trained.Any(names.Fits))
                throw new GraphException($"No trained parameter's name fits '{given.Pattern}', for which there is a factor on the learning rate.{NearestNames.Hint(given.Pattern, trained)}");
        IReadOnlyDictionary<string, int> depths = options.LayerDecay == 1 ? new Dictionary<string, int>() : Depths(model);
        return trained.Select(name => (name, factor: FactorOf(name))).Where(f => f.factor != 1).ToDictionary(f => f.name, f => f.factor);

        float FactorOf(string name)
        {
            double decay = Math.Pow(options.LayerDecay, depths.GetValueOrDefault(name));
            return (float)(decay * (Array.Find(patterns, p => p.Names.Fits(name)).Given?.Factor ?? 1));
        }
    }

    /// <summary>0 for the head, 1 for the last block, and so on; the stem is one deeper than the first block.</summary>
    private static Dictionary<string, int> Depths(Model model)
    {
        IReadOnlyList<Block> blocks = Blocks.Of(model);
        Dictionary<string, int> depths = Parameters.Of(model).ToDictionary(p => p.Name, _ => blocks.Count + 1);
        foreach (Block block in blocks)
            foreach (string name in block.Parameters)
                depths[name] = blocks.Count + 1 - block.Number;
        foreach (Value parameter in Trainable.Head.Select(model))
            depths[parameter.Name] = 0;
        return depths;
    }
}
