using Microsoft.ML.OnnxRuntime;
using OnnxFineTune.Surgery;
using OnnxFineTune.Training;

namespace OnnxFineTune.OrtTraining.Tests;

/// <summary>What an app does beside training: features from the frozen layers, and the trained parameters back into a checkpoint.</summary>
internal static class Device
{
    /// <summary>The features of pictures, from the ordinary model beside artifacts that begin at features.</summary>
    /// <returns>The features one after the other, and how many numbers those of one picture are.</returns>
    public static (float[] Features, int Length) Features(string frozenModel, ImageFolder pictures)
    {
        using InferenceSession session = new(frozenModel);
        string input = session.InputNames.Single(), output = session.OutputNames.Single();
        List<float> features = [];
        float[] picture = new float[(int)pictures.InputShape.ElementCount!.Value];
        using RunOptions run = new();
        for (int i = 0; i < pictures.Count; i++)
        {
            pictures.Load(i, picture);
            using OrtValue tensor = OrtValue.CreateTensorValueFromMemory(picture, [1, .. pictures.InputShape.ToArray()]);
            using IDisposableReadOnlyCollection<OrtValue> results = session.Run(run, [input], [tensor], [output]);
            features.AddRange(results[0].GetTensorDataAsSpan<float>());
        }
        return ([.. features], features.Count / pictures.Count);
    }

    /// <summary>Writes what training would have saved: the web's programming interface reads parameters, but writes no checkpoint.</summary>
    public static void SaveCheckpoint(string folder, IReadOnlyDictionary<string, TensorData> parameters, string path)
    {
        Checkpoint first = Checkpoint.Read(Path.Combine(folder, TrainingArtifacts.CheckpointFile));
        CollectionAssert.AreEquivalent(first.Trainable.Keys.ToArray(), parameters.Keys.ToArray());
        (first with { Trainable = parameters }).Write(path);
    }
}
