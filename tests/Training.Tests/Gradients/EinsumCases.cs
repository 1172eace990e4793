namespace OnnxFineTune.Training.Tests;

/// <summary>Rows of Einsum: products, sums, traces, diagonals, several operands, ellipses, and operands that are repeated.</summary>
internal static class EinsumCases
{
    public static readonly GradientCase[] Rows =
    [
        Of("ij,jk->ik", [2, 3], [3, 4]),
        Of("bij,bjk->bik", [2, 3, 4], [2, 4, 2]),
        Of("bhid,bhjd->bhij", [2, 2, 3, 4], [2, 2, 5, 4]),
        Of("bhwc,hkc->bhwk", [2, 3, 4, 5], [3, 2, 5]),
        Of("bhwc,wkc->bhwk", [2, 3, 4, 5], [4, 2, 5]),
        Of("ij->ji", [2, 3]),
        Of("ij->i", [2, 3]),
        Of("ij->", [2, 3]),
        Of("ii->", [3, 3]),
        Of("ii->i", [3, 3]),
        Of("bii->bi", [2, 3, 3]),
        Of("iji->j", [3, 2, 3]),
        Of("ii,ij->j", [3, 3], [3, 2]),
        Of("i,i->", [3], [3]),
        Of("i,j->ij", [3], [2]),
        Of(",ij->ij", [], [2, 3]),
        Of("ij,jk", [2, 3], [3, 4]),
        Of("ba", [2, 3]),
        Of("i j , j k -> k i", [2, 3], [3, 4]),
        Of("ij,jk,kl->il", [2, 3], [3, 4], [4, 2]),
        Of("bn,anm,bm->ba", [2, 3], [4, 3, 5], [2, 5]),
        Of("a,a,a,a->a", [3], [3], [3], [3]),
        Of("ij,k->i", [2, 3], [4]),
        Of("ij,kj->ij", [2, 3], [4, 3]),
        Of("...ij->...ji", [2, 3, 4]),
        Of("...ij,...jk->...ik", [2, 3, 4], [2, 4, 5]),
        Of("...ij,...jk", [2, 5, 3, 4], [2, 1, 4, 2]) with { Batch = false, Note = "ellipses broadcast" },
        Of("...ij,jk->...ik", [2, 2, 3, 4], [4, 5]),
        Of("b...,b...->b...", [2, 3, 4], [2, 3, 4]),
        Of("...,...->...", [2, 3], [1, 3]) with { Batch = false, Note = "ellipses broadcast" },
        Of("i...->...", [2, 3]),
        Of("...ii->...i", [2, 3, 3]),
        Of("ij,ij->i", [2, 1], [2, 3]) with { Batch = false, Note = "a label of size 1" },
    ];

    private static GradientCase Of(string equation, params long[][] shapes) => new("Einsum", shapes) { Attributes = [("equation", equation)] };
}
