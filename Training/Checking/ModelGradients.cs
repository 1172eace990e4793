using Microsoft.ML.OnnxRuntime;
using OnnxFineTune.Surgery;

namespace OnnxFineTune.Training;

/// <summary>The loss of a model on one batch and its gradients, to be compared with those of another framework.</summary>
/// <param name="Loss">The loss.</param>
/// <param name="Gradients">dL/dθ by parameter name, float32, each of its parameter's shape, in the order of the model's initializers.</param>
public sealed record ModelGradients(float Loss, IReadOnlyDictionary<string, TensorData> Gradients)
{
    /// <summary>Name of the loss's file.</summary>
    public const string LossFile = "loss.pb";

    /// <summary>Name of the folder of the gradients' files.</summary>
    public const string GradientFolder = "grads";

    /// <summary>Differentiates a model as it is (its first output, Dropout off) and computes the gradients of one batch.</summary>
    /// <param name="model">Any model; it is not changed.</param>
    /// <param name="inputs">A tensor for each input that the first output depends on, by name.</param>
    /// <param name="targets">As the loss wants them: class indices [N], or numbers of the output's shape.</param>
    /// <param name="options">Loss and parameters; the defaults when null.</param>
    /// <exception cref="ArgumentException">Options are out of range.</exception>
    /// <exception cref="GraphException">The model cannot be differentiated as asked; the message says where and what to do.</exception>
    /// <exception cref="TrainingException">The tensors do not fit the model, or the runtime cannot compute with them.</exception>
    public static ModelGradients Of(Model model, IReadOnlyDictionary<string, TensorData> inputs, TensorData targets, ModelGradientsOptions? options = null)
    {
        options ??= new ModelGradientsOptions();
        TrainingGraph graph = GradientTask.Build(model, options);
        return Of(graph, GradientTask.Feeds(graph, inputs, targets), options.Threads);
    }

    internal static ModelGradients Of(TrainingGraph graph, IReadOnlyDictionary<string, TensorData> feeds, int threads)
    {
        using SessionOptions session = EngineSession.Options(threads, small: false);
        try
        {
            IReadOnlyDictionary<string, TensorData> results = RuntimeSession.RunOnce(graph.Training, feeds, session);
            return new ModelGradients(results[graph.Loss.Name].ToFloats()[0],
                new OrderedDictionary<string, TensorData>(graph.Parameters.Select(p => KeyValuePair.Create(p.Name, results[p.Gradient.Name]))));
        }
        catch (OnnxRuntimeException e)
        {
            throw new TrainingException($"ONNX Runtime cannot compute the gradients of this batch: {e.Message} Check that the inputs are what the model expects.");
        }
    }

    /// <summary>
    /// Writes <see cref="LossFile"/> and, in <see cref="GradientFolder"/>, a file for each gradient, as ONNX TensorProto under the parameter's name. Gradients of an earlier run are
    /// replaced, all of them; either every file is written or none.
    /// </summary>
    /// <param name="folder">Made as needed.</param>
    /// <returns>The file of each gradient, relative to the folder, by parameter name; see <see cref="TensorFileName"/>.</returns>
    /// <exception cref="IOException">The folder cannot be written.</exception>
    public IReadOnlyDictionary<string, string> Save(string folder)
    {
        using StagedFolder root = new(folder);
        string target = Path.Combine(folder, GradientFolder);
        using StagedFolder gradients = new(target);
        string[] earlier = [.. Directory.EnumerateFiles(target, $"*{TensorFileName.Extension}").Select(f => Path.GetFileName(f))];
        OrderedDictionary<string, string> files = [];
        foreach ((string name, TensorData gradient) in Gradients)
        {
            string file = TensorFileName.Of(name);
            TensorFile.Save(Path.Combine(gradients.Path, file), name, gradient);
            files.Add(name, $"{GradientFolder}/{file}");
        }
        TensorFile.Save(Path.Combine(root.Path, LossFile), "loss", TensorData.Scalar(Loss));
        gradients.Commit(earlier);
        root.Commit();
        return files;
    }
}
