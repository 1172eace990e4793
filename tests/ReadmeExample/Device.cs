using Microsoft.ML.OnnxRuntime;

/// <summary>Learns on the device from pictures that the app has collected.</summary>
public static class Device
{
    public static void Learn(string folder, IEnumerable<(float[] Pixels, long[] Classes)> batches)
    {
        using CheckpointState state = CheckpointState.LoadCheckpoint($"{folder}/checkpoint");
        using TrainingSession session = new(state, $"{folder}/training_model.onnx", $"{folder}/eval_model.onnx", $"{folder}/optimizer_model.onnx");
        session.SetLearningRate(0.01f);                 // a session begins at 0.001, whatever the checkpoint says
        foreach ((float[] pixels, long[] classes) in batches)
        {
            using OrtValue image = OrtValue.CreateTensorValueFromMemory(pixels, [classes.Length, 1, 28, 28]);
            using OrtValue targets = OrtValue.CreateTensorValueFromMemory(classes, [classes.Length]);
            using IDisposableReadOnlyCollection<OrtValue> results = session.TrainStep([image, targets]);
            session.OptimizerStep();
            session.LazyResetGrad();                    // the next step begins with new gradients
            Console.WriteLine($"loss {results[0].GetTensorDataAsSpan<float>()[0]}");
        }
        CheckpointState.SaveCheckpoint(state, $"{folder}/learned", includeOptimizerState: true);
    }
}
