"""Reductions, softmax, losses, products of matrices, and normalization."""
import torch
from torch.nn import functional as F
from fixture import case, constant, distinct, draw, ints, trained

inf = float("inf")

REDUCTIONS = {
    "ReduceSum": torch.sum, "ReduceMean": torch.mean, "ReduceMax": torch.amax, "ReduceMin": torch.amin,
    "ReduceSumSquare": lambda x, dims, keep: x.square().sum(dims, keep), "ReduceL1": lambda x, dims, keep: torch.linalg.vector_norm(x, 1, dims, keep),
    "ReduceL2": lambda x, dims, keep: torch.linalg.vector_norm(x, 2, dims, keep), "ReduceLogSum": lambda x, dims, keep: x.sum(dims, keep).log(),
    "ReduceLogSumExp": torch.logsumexp, "ReduceProd": lambda x, dims, keep: x.prod(dims[0], keep),
}


def reductions():
    for name, function in REDUCTIONS.items():
        low = 0.25 if name == "ReduceLogSum" else -2
        for dims in ((1,), (-1, 0)) if name != "ReduceProd" else ((1,), (-1,)):
            for keep in (0, 1):
                data = lambda: trained(distinct(2, 3, 4)) if name in ("ReduceMax", "ReduceMin") else trained(draw(2, 3, 4, low=low))
                case(name, lambda x, axes: function(x, dims, bool(keep)), data, ints(*dims), attributes={"keepdims": keep}, note=f"axes {dims}")
    case("ReduceSum", lambda x: x.sum(), lambda: trained(draw(2, 3)), attributes={"keepdims": 0}, note="all axes")
    case("ReduceMean", lambda x: x * 1, lambda: trained(draw(2, 3)), attributes={"noop_with_empty_axes": 1}, note="no axes")
    at = lambda name, rows, **options: case(name, lambda x, axes: REDUCTIONS[name](x, (1,), False), trained(rows), ints(1), attributes={"keepdims": 0}, unit=True, **options)
    at("ReduceMax", [[1, 3, 3], [2, 2, 2], [-inf, 0, -0.0], [-inf, -inf, -inf]], note="ties")
    at("ReduceMin", [[1, 3, 1], [2, 2, 2], [inf, 0, -0.0], [inf, inf, inf]], note="ties")
    at("ReduceL1", [[0, -0.0, 0], [0, -2, 1]], note="zeros")
    at("ReduceL2", [[0, 0, 0], [0, -3, 4], [1e-10, 0, 0]], note="zeros")
    at("ReduceLogSum", [[0, 0, 0], [1, 0, 2]], note="zero")
    at("ReduceLogSumExp", [[1000, 999, 0], [-1000, -1001, -999], [-inf, 0, 1]], note="large", tolerance=5e-5, reason="the logarithm is near 1000, where float32 has steps of 6e-5; so has PyTorch's")
    at("ReduceProd", [[2, 3, 4], [0, 3, 4], [0, 0, 4], [0, 0, 0], [-1, 2, -0.5]], note="zeros")


def softmaxes():
    for name, function in (("Softmax", F.softmax), ("LogSoftmax", F.log_softmax)):
        for axis in (-1, 1):
            case(name, lambda x: function(x, axis), lambda: trained(draw(2, 3, 4)), attributes={"axis": axis})
    case("Softmax", lambda x: F.softmax(x, -1), trained([[1, -inf, 2], [1000, -1000, 999], [0, 0, 0], [-inf, -inf, 3]]), note="masked and large")
    case("LogSoftmax", lambda x: F.log_softmax(x, -1), trained([[1, -200, 2], [1000, -1000, 999], [0, 0, 0]]), note="large")


def losses():
    labels = torch.tensor([[2, 0], [1, 1], [0, 2]])
    for reduction in ("mean", "sum", "none"):
        options = {"reduction": reduction, "ignore_index": 1}
        case("SoftmaxCrossEntropyLoss", lambda x, t: F.cross_entropy(x, t, reduction=reduction), lambda: trained(draw(3, 4)), constant(torch.tensor([3, 0, 2])), attributes={"reduction": reduction})
        case("SoftmaxCrossEntropyLoss", lambda x, t, w: F.cross_entropy(x, t, w, **options), lambda: trained(draw(3, 3, 2)), constant(labels), constant([0.5, 2, 1]), attributes=options, note="weights, ignored")
        case("NegativeLogLikelihoodLoss", lambda x, t: F.nll_loss(x, t, reduction=reduction), lambda: trained(draw(3, 4)), constant(torch.tensor([3, 0, 2])), attributes={"reduction": reduction})
        case("NegativeLogLikelihoodLoss", lambda x, t, w: F.nll_loss(x, t, w, **options), lambda: trained(draw(3, 3, 2)), constant(labels), constant([0.5, 2, 1]), attributes=options, note="weights, ignored")
    case("SoftmaxCrossEntropyLoss", lambda x, t: (F.cross_entropy(x, t), F.log_softmax(x, 1)), lambda: trained(draw(3, 4)), constant(torch.tensor([3, 0, 2])), note="both outputs")
    case("SoftmaxCrossEntropyLoss", lambda x, t: F.cross_entropy(x, t), trained([[500, -500, 0], [-300, 300, 300]]), constant(torch.tensor([1, 2])), note="large")


def products():
    for left, right in (((2, 3), (3, 4)), ((2, 1, 2, 3), (4, 3, 5)), ((3,), (2, 3, 4)), ((2, 3), (3,)), ((3,), (3,))):
        case("MatMul", torch.matmul, lambda: trained(draw(*left)), lambda: trained(draw(*right)), note=f"{left} {right}")
    gemm = lambda a, b, c, alpha=1.0, beta=1.0, transA=0, transB=0: alpha * ((a.T if transA else a) @ (b.T if transB else b)) + beta * c
    case("Gemm", gemm, lambda: trained(draw(2, 3)), lambda: trained(draw(3, 4)), lambda: trained(draw(4)))
    options = {"alpha": 0.5, "beta": 2.0, "transA": 1, "transB": 1}
    case("Gemm", lambda a, b, c: gemm(a, b, c, **options), lambda: trained(draw(3, 2)), lambda: trained(draw(4, 3)), lambda: trained(draw(2, 1)), attributes=options)
    for equation, *shapes in (("ij,jk->ik", (2, 3), (3, 4)), ("bij,bkj->bik", (2, 3, 4), (2, 5, 4)), ("ii->i", (3, 3)), ("ij->", (2, 3)), ("...ij,jk->...ik", (2, 2, 3), (3, 2)), ("i,j,k->kji", (2,), (3,), (2,)), ("bhwc,hkc->bhwk", (2, 2, 3, 2), (2, 4, 2))):
        case("Einsum", lambda *xs: torch.einsum(equation, *xs), *[(lambda s=s: trained(draw(*s))) for s in shapes], attributes={"equation": equation})
    case("Det", torch.det, lambda: trained(draw(2, 3, 3)), tolerance=5e-5, reason="the minors of a 3×3 matrix cancel in float32")
    case("Det", lambda x: x[..., 0, 0] * x[..., 1, 1] - x[..., 0, 1] * x[..., 1, 0], trained([[1, 2], [2, 4]]), unit=True, note="singular, by its formula: PyTorch's own gradient divides by a singular value")


def normalizations():
    c = lambda v, rank=4: v.reshape([-1] + [1] * (rank - 2))
    x = lambda: trained(draw(2, 4, 3, 2))
    v = lambda low=-2.0, high=2.0: lambda: trained(draw(4, low=low, high=high))
    small = lambda: trained(draw(2, 3, 4))
    norm = lambda t, dims, e: (t - t.mean(dims, True)) / torch.sqrt(t.var(dims, unbiased=False, keepdim=True) + e)
    case("BatchNormalization", lambda x, s, b, m, w: (x - c(m)) / torch.sqrt(c(w) + 1e-5) * c(s) + c(b), x, v(), v(), v(), v(0.25), note="all trained")
    case("BatchNormalization", lambda x, s, b, m, w: F.batch_norm(x, m, w, s, b, False, 0.1, 1e-3), x, v(), v(), lambda: constant(draw(4)), lambda: constant(draw(4, low=0.25)), attributes={"epsilon": 1e-3}, note="evaluation")
    case("BatchNormalization", lambda x, s, b, m, w: (F.batch_norm(x, None, None, s, b, True), None, None), x, v(), v(), lambda: constant(draw(4)), lambda: constant(draw(4, low=0.25)), attributes={"training_mode": 1}, unused=(1, 2), note="training")
    case("LayerNormalization", lambda x, s, b: F.layer_norm(x, (4,), s, b), small, v(), v())
    case("LayerNormalization", lambda x, s: F.layer_norm(x, (3, 4), s, None, 0.1), small, lambda: trained(draw(3, 4)), attributes={"axis": 1, "epsilon": 0.1}, note="two axes")
    case("LayerNormalization", lambda x, s: F.layer_norm(x, (3,), s), trained([[2, 2, 2], [1, 2, 4]]), trained([1, 2, -1]), unit=True, note="constant row", tolerance=2e-5, reason="1/σ of a constant row is 316, and what it multiplies should cancel")
    case("InstanceNormalization", lambda x, s, b: F.instance_norm(x, weight=s, bias=b), x, v(), v())
    case("GroupNormalization", lambda x, s, b: F.group_norm(x, 2, s, b), x, v(), v(), attributes={"num_groups": 2})
    case("MeanVarianceNormalization", lambda x: norm(x, (0, 2, 3), 0.0), x)
    for p in (1, 2):
        case("LpNormalization", lambda x: F.normalize(x, p, 1), small, attributes={"p": p, "axis": 1})
    rms = lambda x, s, e=1e-5: x / torch.sqrt(x.square().mean(-1, True) + e) * s
    case("RMSNormalization", rms, small, v(), opset=23)
    case("SimplifiedLayerNormalization", rms, small, v())
    case("LRN", lambda x: F.local_response_norm(x, 3, 0.3, 0.75, 2.0), x, attributes={"size": 3, "alpha": 0.3, "beta": 0.75, "bias": 2.0})
    case("LRN", lambda x: F.local_response_norm(x, 5), x, attributes={"size": 5}, note="defaults")
    case("SkipLayerNormalization", lambda x, k, s, b, e: F.layer_norm(x + k + e, (4,), s, b, 1e-5), small, small, v(), v(), v(), attributes={"epsilon": 1e-5}, domain="com.microsoft")
    case("SkipSimplifiedLayerNormalization", lambda x, k, s, e: rms(x + k + e, s), small, small, v(), v(), attributes={"epsilon": 1e-5}, domain="com.microsoft")
    case("EmbedLayerNormalization", lambda i, s, w, p, t, g, b: (F.layer_norm(F.embedding(i, w) + p[:3] + F.embedding(s, t), (4,), g, b, 1e-5), None), constant(torch.tensor([[0, 5, 2], [2, 1, 0]]), "int32"),
         constant(torch.tensor([[0, 0, 1], [0, 1, 1]]), "int32"), lambda: trained(draw(6, 4)), lambda: trained(draw(5, 4)), lambda: trained(draw(2, 4)), v(), v(), attributes={"epsilon": 1e-5}, domain="com.microsoft")


def make():
    reductions()
    softmaxes()
    losses()
    products()
    normalizations()
