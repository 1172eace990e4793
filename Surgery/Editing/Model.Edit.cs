namespace OnnxFineTune.Surgery;

public sealed partial class Model
{
    /// <summary>Starts an edit on a copy in working form; this model stays as it is, and both share their weights.</summary>
    /// <exception cref="GraphException">The model cannot be brought to working form.</exception>
    public ModelEditor Edit() => new(this);
}
