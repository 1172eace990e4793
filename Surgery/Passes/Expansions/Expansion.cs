namespace OnnxFineTune.Surgery;

/// <summary>
/// Writes a node out in simpler operators that compute the same: adds nodes of the working operator set before it with <paramref name="b"/> and removes it
/// (<see cref="OpsetDowngradeMoves.ReplaceBy"/>). Types and shapes are known where inference finds them.
/// </summary>
/// <returns>Null; or, where it cannot be done, the reason with its remedy, and nothing is changed.</returns>
internal delegate string? Expansion(Node node, GraphBuilder b);
