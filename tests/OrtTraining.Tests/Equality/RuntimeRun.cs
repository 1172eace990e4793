using OnnxFineTune.Surgery;
using OnnxFineTune.Training;

namespace OnnxFineTune.OrtTraining.Tests;

/// <summary>Steps on the real runtime, fed by position as an app does it: features, targets, the step for Dropout, the weight of a micro-batch.</summary>
internal sealed class RuntimeRun : IDisposable
{
    private readonly TrainingGraph _graph;
    private readonly bool _accumulates;
    private readonly ITrainingSession _session;
    private long _trainSteps;

    private RuntimeRun(TrainingGraph graph, ITrainingSession session, long stepsDone)
    {
        _graph = graph;
        _session = session;
        _accumulates = session.InputNames(training: true).Contains(TrainingArtifacts.GradientWeightInput);
        _trainSteps = stepsDone;
    }

    /// <summary>Writes the artifacts to a folder and opens what was written.</summary>
    /// <param name="graph">What the artifacts were made from.</param>
    /// <param name="artifacts">The artifacts.</param>
    /// <param name="stepsDone">Steps before, whose masks of Dropout do not come again.</param>
    public static RuntimeRun Open(TrainingGraph graph, TrainingArtifacts artifacts, long stepsDone = 0)
    {
        using TemporaryFolder folder = new();
        artifacts.Save(folder.Path);
        return Open(graph, folder.Path, stepsDone);
    }

    /// <summary>Opens artifacts in a folder.</summary>
    public static RuntimeRun Open(TrainingGraph graph, string folder, long stepsDone = 0) => new(graph, WasmTrainingSession.Open(folder), stepsDone);

    /// <summary>The session itself.</summary>
    public ITrainingSession Session => _session;

    /// <summary>One step of the optimizer on one batch.</summary>
    /// <returns>The loss before it.</returns>
    public float TrainStep(Batch batch) => TrainStep([batch]);

    /// <summary>One step of the optimizer on several batches together.</summary>
    /// <returns>The mean loss of all their examples before it.</returns>
    public float TrainStep(IReadOnlyList<Batch> microBatches)
    {
        int examples = microBatches.Sum(b => b.Count);
        double loss = 0;
        _session.LazyResetGrad();
        foreach (Batch batch in microBatches)
        {
            float weight = (float)batch.Count / examples;
            List<TensorData> inputs = Inputs(batch);
            if (_graph.DropoutStep is not null)
                inputs.Add(TensorData.Vector(_trainSteps));
            if (_accumulates)
                inputs.Add(TensorData.FromFloats([weight], 1));
            loss += weight * (double)_session.TrainStep(inputs)[0].Span<float>()[0];
            _trainSteps++;
        }
        _session.OptimizerStep();
        return (float)loss;
    }

    /// <summary>Loss and output, changing nothing.</summary>
    public (float Loss, float[] Output) Evaluate(Batch batch)
    {
        IReadOnlyList<TensorData> results = _session.EvalStep(Inputs(batch));
        return (results[0].Span<float>()[0], results[1].ToFloats());
    }

    /// <summary>Copies of the trained parameters by name.</summary>
    public IReadOnlyDictionary<string, TensorData> Parameters()
    {
        float[] values = _session.ToBuffer(trainableOnly: true);
        Dictionary<string, TensorData> parameters = [];
        int start = 0;
        foreach (TrainedParameter parameter in _graph.Parameters)
        {
            int count = (int)parameter.Initial.Count;
            parameters[parameter.Name] = TensorData.FromFloats(values.AsSpan(start, count), parameter.Initial.Shape.ToArray());
            start += count;
        }
        Assert.HasCount(start, values);
        return parameters;
    }

    public void Dispose() => _session.Dispose();

    private List<TensorData> Inputs(Batch batch) =>
        [.. _graph.Features.Select((f, i) => Tensor(f, batch.Inputs[i].Span, batch.Count)), Tensor(_graph.Targets, batch.Targets.Span, batch.Count)];

    private static TensorData Tensor(Value input, ReadOnlySpan<float> values, int count)
    {
        long[] shape = [count, .. input.Shape!.Skip(1).Select(d => d.Value!.Value)];
        return input.ElementType == ElementType.Int64 ? TensorData.FromLongs([.. values.ToArray().Select(v => (long)v)], shape) : TensorData.FromFloats(values, shape);
    }
}
