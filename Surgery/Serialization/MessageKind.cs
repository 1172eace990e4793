namespace OnnxFineTune.Surgery.Serialization;

/// <summary>The messages on the way from a model to the elements of its tensors.</summary>
internal enum MessageKind
{
    /// <summary>Everything else: copied as it is.</summary>
    Other,
    Model,
    Graph,
    Node,
    Attribute,
    Tensor,
}

/// <summary>Which fields lead to tensors, and which fields of a tensor hold elements in their raw form.</summary>
/// <remarks>Functions, training information and sparse tensors are left out on purpose: they are kept as they are.</remarks>
internal static class MessageKinds
{
    public const int RawData = 9, FloatData = 4, DoubleData = 10, Placeholder = 536870911;

    public static MessageKind Child(MessageKind parent, int field) => (parent, field) switch
    {
        (MessageKind.Model, 7) => MessageKind.Graph,
        (MessageKind.Graph, 1) => MessageKind.Node,
        (MessageKind.Graph, 5) => MessageKind.Tensor,
        (MessageKind.Node, 5) => MessageKind.Attribute,
        (MessageKind.Attribute, 5 or 10) => MessageKind.Tensor,
        (MessageKind.Attribute, 6 or 11) => MessageKind.Graph,
        _ => MessageKind.Other,
    };

    /// <summary>Whether the field's content is the elements as they lie in memory (little endian): raw or packed fixed-width numbers.</summary>
    public static bool HoldsElements(int field) => field is RawData or FloatData or DoubleData;
}
