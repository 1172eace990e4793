using OnnxFineTune.Surgery;

namespace OnnxFineTune.Training;

/// <summary>The values of the forward pass that backward nodes read, and so are kept until then, for a growing set of trained parameters.</summary>
internal sealed class KeptValues(BackwardSurvey survey, IReadOnlySet<Value> data, int batch)
{
    /// <summary>Operators whose result is their input under another shape, in the same memory.</summary>
    private static readonly HashSet<string> Views = ["Reshape", "Flatten", "Squeeze", "Unsqueeze", "Identity", "Dropout"];

    private readonly HashSet<Node> _backward = [.. survey.Graph.Nodes.Skip(survey.ForwardCount)];
    private readonly HashSet<Node> _needed = [];
    private readonly HashSet<Value> _kept = [];
    private long? _bytes = 0;

    /// <summary>Adds what the gradients of these parameters need.</summary>
    public void Add(IEnumerable<Value> parameters)
    {
        Stack<Node> open = new(parameters.Select(p => survey.Gradients.GetValueOrDefault(p)?.Producer).OfType<Node>());
        while (open.TryPop(out Node? node))
            if (_backward.Contains(node) && _needed.Add(node))
                foreach (Value read in node.Inputs.OfType<Value>())
                    if (read.Producer is { } producer && _backward.Contains(producer))
                        open.Push(producer);
                    else if (node.OpType is not ("Shape" or "Size"))        // a shape outlives its tensor
                        Keep(read);
    }

    /// <summary>Bytes of all that is kept, and of the features with which the trained layers begin.</summary>
    public long? BytesWith(Value features) => _kept.Contains(Memory(features)) ? _bytes : _bytes + BatchMultiple.BytesOf(features, batch);

    private void Keep(Value value)
    {
        value = Memory(value);
        if (data.Contains(value) && !IsGradientOfOutput(value) && _kept.Add(value))
            _bytes += BatchMultiple.BytesOf(value, batch);
    }

    private bool IsGradientOfOutput(Value value) => value.Producer is null && survey.Graph.FeedInputs.Last() == value;

    private static Value Memory(Value value)
    {
        while (value.Producer is { Domain: Model.StandardDomain } view && Views.Contains(view.OpType) && value.OutputIndex == 0)
            value = view.Inputs[0]!;
        return value;
    }
}
