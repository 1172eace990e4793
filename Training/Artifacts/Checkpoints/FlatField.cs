namespace OnnxFineTune.Training;

/// <summary>What a slot of a FlatBuffers table holds.</summary>
internal enum FlatKind
{
    /// <summary>A number or a flag in place.</summary>
    Scalar,
    /// <summary>A UTF-8 text.</summary>
    Text,
    /// <summary>A vector of numbers.</summary>
    Vector,
    /// <summary>A vector of texts.</summary>
    Texts,
    /// <summary>A table.</summary>
    Table,
    /// <summary>A vector of tables.</summary>
    Tables,
}

/// <summary>One slot of a FlatBuffers table as its schema declares it.</summary>
/// <param name="Kind">What it holds.</param>
/// <param name="Size">Bytes of a number, or of an element of a vector of numbers.</param>
/// <param name="Fields">The slots of the table or tables.</param>
internal sealed record FlatField(FlatKind Kind, int Size = 0, IReadOnlyList<FlatField>? Fields = null);
