using OnnxFineTune.Surgery;

namespace OnnxFineTune.Training;

/// <summary>
/// Parameters that the optimizer updates as one tensor. Small ones share a vector, since a node costs more than their arithmetic; the vector and
/// the parameters are tensors over the same memory, so nothing is split or copied for the forward pass.
/// </summary>
/// <param name="Name">Name of θ in the step graph: the parameter's own where it is alone.</param>
/// <param name="Parameters">The parameters, one after the other in memory.</param>
/// <param name="Offsets">Where each starts.</param>
/// <param name="Shape">Shape of the group: the parameter's own where it is alone, else a vector.</param>
internal sealed record ParameterGroup(string Name, IReadOnlyList<TrainedParameter> Parameters, IReadOnlyList<int> Offsets, Shape Shape)
{
    /// <summary>Parameters up to this number of elements share a vector; above it, joining the gradients costs more than the nodes saved.</summary>
    private const long SmallParameter = 32768;

    /// <summary>Whether parameters share a vector.</summary>
    public bool IsShared => Parameters.Count > 1;

    /// <summary>Number of elements.</summary>
    public int Length => checked((int)Shape.ElementCount!.Value);

    /// <summary>Name of a state tensor among the inputs of the step graph; among the outputs it and θ have <c>_next</c> behind.</summary>
    public string StateName(string state) => $"{Name}/{state}";

    /// <summary>Puts the small parameters together.</summary>
    public static IReadOnlyList<ParameterGroup> Of(TrainingGraph graph)
    {
        TrainedParameter[] small = [.. graph.Parameters.Where(p => p.Initial.Count <= SmallParameter)];
        if (small.Length < 2)
            return [.. graph.Parameters.Select(Alone)];
        return [Shared(graph.Training.Graph.UniqueName("theta"), small), .. graph.Parameters.Except(small).Select(Alone)];
    }

    private static ParameterGroup Alone(TrainedParameter parameter) => new(parameter.Name, [parameter], [0], parameter.Initial.Shape);

    private static ParameterGroup Shared(string name, TrainedParameter[] parameters)
    {
        int[] offsets = new int[parameters.Length];
        int length = 0;
        for (int i = 0; i < parameters.Length; i++)
        {
            offsets[i] = length;
            length = checked(length + (int)parameters[i].Initial.Count);
        }
        return new ParameterGroup(name, parameters, offsets, Shape.Of(length));
    }
}
