using OnnxFineTune.Surgery;

namespace OnnxFineTune.Training;

public sealed partial class OrtTrainingEngine
{
    /// <inheritdoc/>
    public IReadOnlyDictionary<string, TensorData> ExportParameters() => _layout.SplitTrained(ToBuffer());

    /// <inheritdoc/>
    public void ImportParameters(IReadOnlyDictionary<string, TensorData> parameters)
    {
        foreach ((string name, TensorData data) in parameters)
            _layout.Check(name, data);
        float[] buffer = ToBuffer();
        _layout.Write(parameters, buffer);
        _session.FromBuffer(buffer, trainableOnly: true);
    }

    /// <summary>A copy of the parameters one after the other, in the order of the training model's inputs: what devices send to a server that averages them.</summary>
    /// <param name="trainableOnly">Whether frozen parameters are left out, as by default.</param>
    public float[] ToBuffer(bool trainableOnly = true)
    {
        RequireWeights();
        return _session.ToBuffer(trainableOnly);
    }

    /// <summary>Replaces the parameters by those of a buffer as <see cref="ToBuffer"/> gives it.</summary>
    /// <param name="values">The elements of all parameters that are replaced.</param>
    /// <param name="trainableOnly">Whether frozen parameters are left out and stay as they are, as by default. A nominal checkpoint needs all.</param>
    /// <exception cref="ArgumentException">The buffer has another length.</exception>
    public void FromBuffer(ReadOnlySpan<float> values, bool trainableOnly = true)
    {
        if (trainableOnly)
            RequireWeights();
        int expected = _layout.Count(trainableOnly);
        if (values.Length != expected)
            throw new ArgumentException($"The buffer has {values.Length} elements, but {(trainableOnly ? "the trained" : "all")} parameters take {expected}.", nameof(values));
        _session.FromBuffer(values, trainableOnly);
        _hasWeights = true;
    }

    /// <summary>Writes a checkpoint of ONNX Runtime's training API, from which this engine, another program or a device can go on.</summary>
    /// <param name="path">The file to write.</param>
    /// <param name="optimizerState">Whether the optimizer's state is written too, as by default; without, training begins anew from the parameters.</param>
    public void SaveCheckpoint(string path, bool optimizerState = true)
    {
        RequireWeights();
        _session.SaveCheckpoint(Path.GetFullPath(path), optimizerState);
    }

    /// <summary>
    /// Goes on from a checkpoint, with its optimizer's state where it holds one and at step 0 where not. After a nominal one the weights must be given with <see cref="FromBuffer"/>. A registered
    /// schedule stays, at the checkpoint's step.
    /// </summary>
    /// <exception cref="TrainingException">It is no checkpoint, or one of other parameters; nothing is changed then.</exception>
    public void LoadCheckpoint(string path)
    {
        Checkpoint checkpoint = Checkpoint.Read(path);
        _layout.Check(checkpoint, $"'{path}'");
        Reopen(checkpoint, to => Copy(path, to));
    }

    /// <inheritdoc/>
    public EngineState ExportState()
    {
        RequireWeights();
        string path = Path.Combine(_folder.FullName, $"state-{Guid.NewGuid():N}");      // large weights stay mapped, so the name is not used again
        _session.SaveCheckpoint(path, withOptimizerState: true);
        EngineState state = Checkpoint.Read(path).ToEngineState(_options.Optimizer);
        File.Delete(path);
        return state;
    }

    /// <inheritdoc/>
    public void ImportState(EngineState state)
    {
        foreach (string name in _layout.Trained)
        {
            _layout.Check(name, state.Parameters.TryGetValue(name, out TensorData? data) ? data
                : throw new GraphException($"The state has no parameter '{name}'; it was saved with other trained parameters."));
            foreach (string key in _options.Optimizer.StateNames.Select(s => $"{name}/{s}"))
                _layout.Check(name, state.OptimizerState.TryGetValue(key, out TensorData? moment) ? moment
                    : throw new GraphException($"The state has no '{key}'; it was saved with another optimizer or other trained parameters."));
        }
        Checkpoint present = _artifacts.Checkpoint with { Frozen = _layout.SplitFrozen(ToBuffer(trainableOnly: false)) };
        Checkpoint checkpoint = present.WithState(state, _options.Optimizer);
        Reopen(checkpoint, checkpoint.Write);
    }

    /// <summary>Writes a plain inference model with the parameters as they are now: the trained graph's own inputs → the model's output.</summary>
    public void ExportInferenceModel(string path)
    {
        RequireWeights();
        _session.ExportInferenceModel(Path.GetFullPath(path), [_artifacts.EvaluationModel.Graph.Outputs[1].Name]);
    }

    /// <summary>A session takes the optimizer's state from a checkpoint only, at its beginning; so a new one takes the place of the present one.</summary>
    private void Reopen(Checkpoint checkpoint, Action<string> write)
    {
        write(Path.Combine(_folder.FullName, TrainingArtifacts.CheckpointFile));
        ITrainingSession session = Open();
        _session.Dispose();
        _session = session;
        _schedule?.Register(session);
        Step = checkpoint.Optimizer?.Step ?? 0;
        _hasWeights = !checkpoint.IsNominal;
    }

    /// <summary>Copies a checkpoint as it is, for one that the runtime wrote may be larger than those that are written here.</summary>
    private static void Copy(string from, string to)
    {
        File.Copy(from, to, overwrite: true);
        if (File.Exists(from + CheckpointReader.ExternalDataSuffix))
            File.Copy(from + CheckpointReader.ExternalDataSuffix, to + CheckpointReader.ExternalDataSuffix, overwrite: true);
    }

    private void RequireWeights()
    {
        if (!_hasWeights)
            throw new InvalidOperationException($"The checkpoint is nominal and holds no weights; give them with {nameof(FromBuffer)} and trainableOnly false first.");
    }
}
