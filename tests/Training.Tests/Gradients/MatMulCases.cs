namespace OnnxFineTune.Training.Tests;

/// <summary>Rows of matrix products.</summary>
internal static class MatMulCases
{
    public static readonly GradientCase[] Rows =
    [
        new("Det", [3, 3]) { Batch = false },
        new("Det", [2, 4, 4]),
        new("Det", [3, 1, 1]),
        new("Det", [2, 2]) { Note = "singular", Values = { [0] = [1, 2, 2, 4] }, Batch = false },
        new("Det", [3, 3]) { Note = "of rank 2", Values = { [0] = [1, 2, 3, 4, 5, 6, 7, 8, 9] }, UnitGradient = true, Formula = _ => new() { [0] = [-3, 6, -3, 6, -12, 6, -3, 6, -3] }, Batch = false },
        new("MatMul", [2, 3], [3, 4]),
        new("MatMul", [3], [3]) { Batch = false },
        new("MatMul", [3], [3, 4]) { Batch = false },
        new("MatMul", [2, 3], [3]),
        new("MatMul", [2, 5, 3], [3, 4]) { Note = "shared weight" },
        new("MatMul", [2, 3, 2, 3], [3, 4]) { Note = "shared weight" },
        new("MatMul", [3], [2, 3, 4]) { Batch = false },
        new("MatMul", [2, 4, 3], [3]),
        new("MatMul", [2, 4, 3], [2, 3, 5]),
        new("MatMul", [4, 3], [2, 3, 5]),
        new("MatMul", [2, 1, 4, 3], [5, 3, 2]) { Note = "batches broadcast" },
        new("MatMul", [1, 4, 3], [5, 3, 2]) { Note = "batches broadcast", Batch = false },
        new("MatMul", [2, 3, 4, 3], [2, 1, 3, 2]) { Note = "batches broadcast" },
        new("MatMul", [2, 2, 4, 3], [3]),
        new("MatMul", [3], [2, 2, 3, 4]) { Batch = false },
        new("Gemm", [2, 3], [3, 4]),
        new("Gemm", [2, 3], [3, 4], [4]),
        new("Gemm", [2, 3], [3, 4], [2, 1]),
        new("Gemm", [2, 3], [3, 4], [2, 4]) { Attributes = [("alpha", 0.5f), ("beta", -2f)] },
        new("Gemm", [2, 3], [4, 3], [4]) { Attributes = [("transB", 1), ("alpha", 1.5f)] },
        new("Gemm", [3, 2], [3, 4], []) { Attributes = [("transA", 1)], Batch = false },
        new("Gemm", [3, 2], [4, 3], [1, 4]) { Attributes = [("transA", 1), ("transB", 1), ("alpha", 0.5f)], Batch = false },
    ];
}
