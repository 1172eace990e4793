using Microsoft.ML.OnnxRuntime;

namespace OnnxFineTune.Surgery;

/// <summary>Runs a model once to see which types and shapes occur; the way out where inference alone does not tell. Reads all weights.</summary>
internal static class ShapeRun
{
    /// <summary>Stand-ins for free dimensions besides the batch: image sizes for rank 4, lengths otherwise; never in the ratio of the batch sizes.</summary>
    private static readonly (long Image, long Length) First = (224, 16), Second = (256, 20);

    /// <param name="model">The model; it is not changed.</param>
    /// <param name="inputs">Shapes of the feed inputs by name.</param>
    /// <param name="values">Names of the values in question.</param>
    /// <param name="second">Which of the two sizes free dimensions take.</param>
    /// <returns>Types by name; empty where the model refuses made-up inputs.</returns>
    public static Dictionary<string, TensorType> Read(Model model, IReadOnlyDictionary<string, Shape> inputs, IReadOnlyCollection<string> values, bool second)
    {
        Model copy = model.Clone();
        copy.Graph.SetOutputs([.. values.Select(copy.Graph.Get)]);
        foreach (Value value in copy.Graph.Values.Where(v => v.Producer is not null))
            ShapeProbe.ForgetDeclaration(value);
        foreach ((string name, Shape shape) in inputs)
            copy.Graph.Get(name).Shape = shape;
        try
        {
            Dictionary<string, TensorData> feeds = copy.Graph.FeedInputs.ToDictionary(v => v.Name, v => Feed(v, second));
            return RuntimeSession.RunOnce(copy, feeds).ToDictionary(o => o.Key, o => new TensorType(o.Value.ElementType, o.Value.Shape));
        }
        catch (Exception e) when (e is GraphException or OnnxRuntimeException)
        {
            return [];
        }
    }

    private static TensorData Feed(Value input, bool second)
    {
        Shape shape = input.Shape ?? throw new GraphException($"The shape of the input '{input.Name}' is unknown.");
        (long image, long length) = second ? Second : First;
        long size = shape.Rank == 4 ? image : length;
        Shape sized = Shape.Of([.. shape.Select(d => d.Value ?? size)]);
        long count = sized.ElementCount!.Value;
        return input.ElementType == ElementType.Float
            ? TensorData.FromFloats([.. Enumerable.Range(0, checked((int)count)).Select(i => MathF.Sin(second ? i * 0.7f : i))], sized.ToArray())
            : TensorData.FromBytes(input.ElementType, sized, new byte[(count * input.ElementType.BitWidth() + 7) / 8]);
    }
}
