namespace OnnxFineTune.Surgery;

/// <summary>Steps of reductions: the axes became an input.</summary>
internal static class ReductionUpgrades
{
    private static readonly string[] Since18 =
    [
        "ReduceL1", "ReduceL2", "ReduceLogSum", "ReduceLogSumExp", "ReduceMax", "ReduceMean", "ReduceMin", "ReduceProd", "ReduceSumSquare",
    ];

    public static readonly IReadOnlyDictionary<(string, int), OpsetUpgrade> Steps = new Dictionary<(string, int), OpsetUpgrade>(
    [
        new(("ReduceSum", 13), AxesToInput),
        .. Since18.Select(op => new KeyValuePair<(string, int), OpsetUpgrade>((op, 18), AxesToInput)),
    ]);

    private static void AxesToInput(Node n, GraphBuilder b) => n.MoveToInput("axes", 1, b);
}
