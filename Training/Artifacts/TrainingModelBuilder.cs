using OnnxFineTune.Surgery;

namespace OnnxFineTune.Training;

/// <summary>Writes <c>training_model.onnx</c> and <c>eval_model.onnx</c>. Weights are fed by position, so both take all parameters in one order.</summary>
internal static class TrainingModelBuilder
{
    private const string LossName = "loss";

    /// <summary>Forward, backward and accumulation.</summary>
    /// <param name="graph">The training graph; it is not changed.</param>
    /// <param name="frozen">Names of the initializers that become parameters.</param>
    /// <param name="weighted">Whether each gradient is multiplied by <see cref="TrainingArtifacts.GradientWeightInput"/>.</param>
    public static Model Training(TrainingGraph graph, IReadOnlyList<string> frozen, bool weighted)
    {
        Model model = Prepare(graph.Training, graph);
        model.OpsetImports[ArtifactNames.RuntimeDomain] = 1;
        Graph g = model.Graph;
        Value[] trained = [.. graph.Parameters.Select(p => g.Get(p.Name))];
        Value[] gradients = [.. g.Outputs.Skip(2)];
        g.SetOutputs(g.Outputs[0], g.Outputs[1]);
        foreach (Value parameter in trained)
            g.RemoveInput(parameter);
        if (weighted)
            gradients = Weigh(new GraphBuilder(g, "accumulate"), gradients);
        foreach (Value parameter in trained)
            g.AddInput(parameter);
        foreach (string name in frozen)
            g.InitializerToInput(g.Get(name));
        Accumulate(g, trained, gradients);
        return model;
    }

    /// <summary>Forward and loss, with the parameters of a training model in its order.</summary>
    public static Model Evaluation(TrainingGraph graph, IReadOnlyList<Value> parameters)
    {
        Model model = Prepare(graph.Evaluation, graph);
        Graph g = model.Graph;
        ArtifactMetadata.Set(model, graph.OutputKind, g.FeedInputs.Take(graph.Features.Count));
        foreach (Value parameter in parameters)
        {
            Value? value = g.Find(parameter.Name);
            if (value is { IsInitializer: true })
                g.InitializerToInput(value);
            else
            {
                if (value is not null)
                    g.RemoveInput(value);
                if (value is { Uses.Count: > 0 })
                    g.AddInput(value);
                else
                    g.AddInput(parameter.Name, parameter.ElementType, parameter.Shape);      // the runtime feeds it whether it is used or not
            }
        }
        return model;
    }

    /// <summary>A copy in versions that the runtime takes, in which nothing that a caller feeds or gets has a name that the runtime takes for something else.</summary>
    private static Model Prepare(Model model, TrainingGraph graph)
    {
        Model copy = model.Clone();
        DowngradeOpset.Run(copy);      // before there are operators that the ordinary runtime cannot infer
        copy.IrVersion = TrainingArtifacts.IrVersion;
        Graph g = copy.Graph;
        if (g.Find(LossName) is null)
            g.Rename(g.Outputs[0], LossName);
        HashSet<string> parameters = [.. graph.Parameters.Select(p => p.Name)];
        foreach (Value value in g.FeedInputs.Where(v => !parameters.Contains(v.Name)).Concat(g.Outputs.Take(2)).Where(v => ArtifactNames.IsReserved(v.Name)).ToArray())
        {
            string original = value.Name;
            g.Rename(value, g.UniqueName($"{original}_value"));
            ArtifactMetadata.AddRenamed(copy, value.Name, original);
        }
        return copy;
    }

    private static Value[] Weigh(GraphBuilder op, Value[] gradients)
    {
        Value weight = op.Graph.AddInput(ArtifactNames.Claim(op.Graph, TrainingArtifacts.GradientWeightInput), ElementType.Float, Shape.Of(1));
        return [.. gradients.Select(g =>
        {
            Value weighted = op.Mul(g, g.Shape is { Rank: 0 } ? op.Squeeze(weight, 0) : weight);
            weighted.Shape = g.Shape;
            return weighted;
        })];
    }

    private static void Accumulate(Graph g, Value[] trained, Value[] gradients)
    {
        Value[] buffers = [.. trained.Select(p => g.AddInput(ArtifactNames.Claim(g, ArtifactNames.Buffer(p.Name)), ElementType.Float, p.Shape))];
        Value reset = g.AddInput(ArtifactNames.Claim(g, ArtifactNames.LazyResetGrad), ElementType.Bool, Shape.Of(1));
        for (int i = 0; i < trained.Length; i++)
        {
            string name = ArtifactNames.Claim(g, ArtifactNames.Updated(trained[i].Name));
            Value updated = g.AddNode("InPlaceAccumulatorV2", [buffers[i], gradients[i], reset], [name], ArtifactNames.RuntimeDomain, name).Outputs[0]!;
            (updated.ElementType, updated.Shape) = (ElementType.Bool, Shape.Of(1));
            g.AddOutput(updated);
        }
    }
}
