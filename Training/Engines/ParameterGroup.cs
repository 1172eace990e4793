using OnnxFineTune.Surgery;

namespace OnnxFineTune.Training;

/// <summary>
/// Parameters that the optimizer updates as one tensor. Small ones share a vector, since a node costs more than their arithmetic; the vector and
/// the parameters are tensors over the same memory, so nothing is split or copied for the forward pass. A parameter whose gradient is computed from large
/// activations stays alone: ONNX Runtime computes what a joint update reads when it comes to that update, at the end, and would keep all those activations until then.
/// </summary>
/// <param name="Name">Name of θ in the step graph: the parameter's own where it is alone.</param>
/// <param name="Parameters">The parameters, one after the other in memory.</param>
/// <param name="Offsets">Where each starts.</param>
/// <param name="Shape">Shape of the group: the parameter's own where it is alone, else a vector.</param>
/// <param name="Factor">On the learning rate of all of them.</param>
internal sealed record ParameterGroup(string Name, IReadOnlyList<TrainedParameter> Parameters, IReadOnlyList<int> Offsets, Shape Shape, float Factor)
{
    /// <summary>Parameters up to this number of elements share a vector; above it, joining the gradients costs more than the nodes saved.</summary>
    private const long SmallParameter = 32768;

    /// <summary>Whether parameters share a vector.</summary>
    public bool IsShared => Parameters.Count > 1;

    /// <summary>Number of elements.</summary>
    public int Length => checked((int)Shape.ElementCount!.Value);

    /// <summary>Name of a state tensor among the inputs of the step graph; among the outputs it and θ have <c>_next</c> behind.</summary>
    public string StateName(string state) => $"{Name}/{state}";

    /// <summary>Puts the small parameters together, those of one learning rate in one vector.</summary>
    /// <param name="graph">What is trained.</param>
    /// <param name="factors">Factors on the learning rate by parameter name; 1 for those without.</param>
    public static IReadOnlyList<ParameterGroup> Of(TrainingGraph graph, IReadOnlyDictionary<string, float> factors)
    {
        List<ParameterGroup> groups = [];
        foreach (IGrouping<float, TrainedParameter> alike in graph.Parameters.GroupBy(p => factors.GetValueOrDefault(p.Name, 1)))
        {
            TrainedParameter[] small = [.. alike.Where(p => p.Initial.Count <= SmallParameter && !ActivationSize.IsComputedFromLarge(p.Gradient))];
            if (small.Length > 1)
                groups.Add(Shared(graph.Training.Graph.UniqueName(groups.Count == 0 ? "theta" : $"theta.{groups.Count}"), small, alike.Key));
            groups.AddRange((small.Length > 1 ? alike.Except(small) : alike).Select(p => new ParameterGroup(p.Name, [p], [0], p.Initial.Shape, alike.Key)));
        }
        return groups;
    }

    private static ParameterGroup Shared(string name, TrainedParameter[] parameters, float factor)
    {
        int[] offsets = new int[parameters.Length];
        int length = 0;
        for (int i = 0; i < parameters.Length; i++)
        {
            offsets[i] = length;
            length = checked(length + (int)parameters[i].Initial.Count);
        }
        return new ParameterGroup(name, parameters, offsets, Shape.Of(length), factor);
    }
}
