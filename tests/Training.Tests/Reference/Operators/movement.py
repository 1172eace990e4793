"""Operators that move elements, give them another shape, or read and write at indices."""
import torch
from torch.nn import functional as F
from fixture import case, computed, constant, distinct, draw, ints, trained

small = lambda: trained(draw(2, 3, 4))


def shapes():
    case("Reshape", lambda x, s: x.reshape(4, 6), small, ints(-1, 6))
    case("Flatten", lambda x: x.reshape(2, 12), small)
    case("Squeeze", lambda x, a: x.squeeze(1), lambda: trained(draw(2, 1, 3)), ints(1))
    case("Unsqueeze", lambda x, a: x[:, None, :, :, None], small, ints(1, -1))
    case("Transpose", lambda x: x.permute(2, 0, 1), small, attributes={"perm": [2, 0, 1]})
    case("Concat", lambda *xs: torch.cat(xs, 1), small, lambda: trained(draw(2, 1, 4)), small, attributes={"axis": 1})
    case("Split", lambda x, s: torch.split(x, (1, 3), -1), small, ints(1, 3), attributes={"axis": -1})
    case("Split", lambda x, s: torch.split(x, (1, 3), -1), small, ints(1, 3), attributes={"axis": -1}, unused=(0,), note="one output used")
    case("Tile", lambda x, r: x.repeat(1, 2, 3), small, ints(1, 2, 3))
    case("Trilu", lambda x: x.triu(), small)
    case("Trilu", lambda x, k: x.tril(-1), small, constant(torch.tensor(-1)), attributes={"upper": 0})
    case("DepthToSpace", lambda x: F.pixel_shuffle(x, 2), lambda: trained(draw(2, 8, 2, 3)), attributes={"blocksize": 2, "mode": "CRD"})
    case("DepthToSpace", lambda x: F.pixel_shuffle(x.reshape(2, 4, 2, 2, 3).transpose(1, 2).reshape(2, 8, 2, 3), 2), lambda: trained(draw(2, 8, 2, 3)), attributes={"blocksize": 2})
    case("SpaceToDepth", lambda x: F.pixel_unshuffle(x, 2).reshape(2, 2, 4, 2, 3).transpose(1, 2).reshape(2, 8, 2, 3), lambda: trained(draw(2, 2, 4, 6)), attributes={"blocksize": 2})
    case("CumSum", lambda x, a: x.cumsum(1), small, constant(torch.tensor(1)))
    case("CumSum", lambda x, a: x.flip(1).cumsum(1).flip(1) - x, small, constant(torch.tensor(1)), attributes={"reverse": 1, "exclusive": 1})
    case("CumProd", lambda x, a: x.cumprod(1), trained([[2, 3, 4], [0, 3, 4], [2, 0, 4], [0, 3, 0]]), constant(torch.tensor(1)), unit=True, note="zeros", opset=26)
    case("CenterCropPad", lambda x, s: F.pad(x[:, 1:3], (1, 1)), lambda: trained(draw(2, 4, 3)), ints(2, 5), attributes={"axes": [1, 2]})


def slices():
    case("Slice", lambda x, s, e, a, t: x[:, 1:, ::2], small, ints(1, 0), ints(9, 4), ints(1, 2), ints(1, 2))
    case("Slice", lambda x, s, e, a, t: x.flip(2)[..., ::3], small, ints(-1), ints(-99), ints(2), ints(-3), note="backwards")
    case("Pad", lambda x, p, v: F.pad(x, (2, 0, 0, 1), value=0.5), small, ints(0, 0, 2, 0, 1, 0), constant(0.5))
    case("Pad", lambda x, p: F.pad(x, (-1, 2)), small, ints(0, 0, -1, 0, 0, 2), note="negative")
    for mode, name in (("reflect", "reflect"), ("replicate", "edge"), ("circular", "wrap")):
        case("Pad", lambda x, p: F.pad(x, (2, 1), mode), small, ints(0, 0, 2, 0, 0, 1), attributes={"mode": name})


def indices():
    case("Gather", lambda x, i: x.index_select(1, torch.tensor([0, 2, 2, 1])), small, constant(torch.tensor([0, 2, -1, 1])), attributes={"axis": 1}, note="repeated")
    case("Gather", lambda x, i: F.embedding(torch.tensor([[1, 1], [3, 0]]), x), lambda: trained(draw(4, 3)), computed(torch.tensor([[1, 1], [3, 0]])), note="embedding")
    case("Gather", lambda x, i: x[:, :, 1], small, constant(torch.tensor(1)), attributes={"axis": 2}, note="one")
    where = torch.tensor([[0, 1, 1, 2], [2, 2, 0, 0]])
    case("GatherElements", lambda x, i: x.gather(1, i), lambda: trained(draw(2, 3)), constant(where), attributes={"axis": 1})
    case("GatherND", lambda x, i: x[[0, 1, 0], [2, 0, 2]], small, constant(torch.tensor([[0, 2], [1, 0], [0, -1]])), note="repeated")
    case("ScatterElements", lambda x, i, u: x.scatter(1, i, u), small, constant(torch.tensor([[[2, 0, 1, 1]], [[0, 0, 2, 1]]])), lambda: trained(draw(2, 1, 4)), attributes={"axis": 1})
    case("ScatterElements", lambda x, i, u: x.scatter_add(1, i, u), lambda: trained(draw(2, 3)), constant(where), lambda: trained(draw(2, 4)), attributes={"axis": 1, "reduction": "add"}, note="repeated")
    places = (torch.tensor([0, 1, 0]), torch.tensor([2, 0, 1]))
    case("ScatterND", lambda x, i, u: x.index_put(places, u), small, constant(torch.stack(places, 1)), lambda: trained(draw(3, 4)))
    again = (torch.tensor([0, 1, 0]), torch.tensor([2, 0, 2]))
    case("ScatterND", lambda x, i, u: x.index_put(again, u, accumulate=True), small, constant(torch.stack(again, 1)), lambda: trained(draw(3, 4)), attributes={"reduction": "add"}, note="repeated")
    case("TensorScatter", lambda x, u, i: x.index_put((torch.tensor([[0, 0], [1, 1]]), torch.tensor([[0, 1], [2, 3]])), u), lambda: trained(draw(2, 4, 3)), lambda: trained(draw(2, 2, 3)), ints(0, 2), attributes={"axis": 1}, opset=24)
    case("TopK", lambda x, k: torch.topk(x, 2, 1), lambda: trained(distinct(2, 4, 3)), ints(2), attributes={"axis": 1})
    case("TopK", lambda x, k: torch.topk(x, 2, -1, largest=False), lambda: trained(distinct(2, 4)), ints(2), attributes={"largest": 0})
    case("Compress", lambda x, c: x[:, [0, 2]], small, constant(torch.tensor([True, False, True])), attributes={"axis": 1})
    case("Compress", lambda x, c: x.reshape(-1)[[1, 2]], small, constant(torch.tensor([False, True, True])), note="flat")
    case("ReverseSequence", lambda x, n: torch.stack([torch.cat((row[:k].flip(0), row[k:])) for row, k in zip(x, (4, 2))]), lambda: trained(draw(2, 4, 3)), ints(4, 2), attributes={"batch_axis": 0, "time_axis": 1})


def others():
    case("Dropout", lambda x: F.dropout(x, 0.5, training=False), small, note="evaluation")
    for low, points in ((0, [-1, -0.26, -0.25, -0.2, 0, 0.3, 1, 127.4, 127.7, 127.8, 130]),):
        case("DequantizeLinear", lambda x, s: torch.fake_quantize_per_tensor_affine(x.float(), 0.5, 0, 0, 255).to(x.dtype), trained(points, quantized=0.5), constant(0.5), unit=True, note="of QuantizeLinear, ends of the range")


def make():
    shapes()
    slices()
    indices()
    others()
