using OnnxFineTune.Surgery;
using OnnxFineTune.Training;

namespace OnnxFineTune.OrtTraining.Tests;

/// <summary>A network and something for it to learn.</summary>
/// <param name="Name">What a test is called by.</param>
/// <param name="Build">Makes the model, with a head that <see cref="Trainable.Head"/> finds.</param>
/// <param name="Batch">Makes a batch; another number, other examples.</param>
internal sealed record Network(string Name, Func<Model> Build, Func<int, Batch> Batch)
{
    public override string ToString() => Name;
}
