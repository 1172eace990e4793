"""Recurrent layers and attention, and the operators in which ONNX Runtime's optimizer fuses others."""
import math
import torch
from torch.nn import functional as F
from fixture import case, computed, constant, draw, trained

# Gates in PyTorch's order, by their places in ONNX's: LSTM i o f c -> i f g o, GRU z r h -> r z n.
GATES = {"LSTM": (0, 2, 3, 1), "GRU": (1, 0, 2), "RNN": (0,)}


def recurrent(operator, x, w, r, b, lengths=None, *states):
    """torch.lstm, gru or rnn_tanh on ONNX's weights; sequences of their own length one by one."""
    directions, hidden = r.shape[0], r.shape[2]
    order = torch.cat([torch.arange(hidden) + place * hidden for place in GATES[operator]])
    half = w.shape[1]
    weights = [p for d in range(directions) for p in (w[d][order], r[d][order], b[d, :half][order], b[d, half:][order])]
    states = states or [torch.zeros(directions, x.shape[1], hidden, dtype=x.dtype)] * (2 if operator == "LSTM" else 1)
    run = {"LSTM": torch.lstm, "GRU": torch.gru, "RNN": torch.rnn_tanh}[operator]

    def whole(x, states):
        y, *last = run(x, states if operator == "LSTM" else states[0], weights, True, 1, 0.0, False, directions == 2, False)
        return (y.reshape(*x.shape[:2], directions, hidden).permute(0, 2, 1, 3), *last)

    if lengths is None:
        return whole(x, list(states))
    parts = [whole(x[:n, i:i + 1], [s[:, i:i + 1].contiguous() for s in states]) for i, n in enumerate(lengths.tolist())]
    return (torch.cat([F.pad(p[0], (0, 0, 0, 0, 0, 0, 0, x.shape[0] - p[0].shape[0])) for p in parts], 2), *[torch.cat(s, 1) for s in list(zip(*parts))[1:]])


def recurrence():
    for operator, gates, attributes in (("LSTM", 4, {}), ("GRU", 3, {"linear_before_reset": 1}), ("RNN", 1, {})):
        half = lambda *shape: lambda: trained(draw(*shape, low=-1, high=1))
        for directions in (1, 2):
            weights = half(directions, gates * 2, 3), half(directions, gates * 2, 2), half(directions, gates * 4)
            options = {"attributes": {"hidden_size": 2, "direction": "bidirectional" if directions == 2 else "forward"} | attributes}
            case(operator, lambda *a: recurrent(operator, *a), half(3, 2, 3), *weights, **options)
            states = [half(directions, 2, 2)] * (2 if operator == "LSTM" else 1)
            case(operator, lambda x, w, r, b, n, *s: recurrent(operator, x, w, r, b, n, *s), half(4, 2, 3), *weights, lambda: constant(torch.tensor([4, 2]), "int32"), *states, note="lengths and states", **options)


def attend(q, k, v, mask=None, scale=None, causal=False):
    """[batch, heads, length, size]; PyTorch's scaled_dot_product_attention."""
    scores = q @ k.transpose(-1, -2) * (scale or 1 / math.sqrt(q.shape[-1]))
    if causal:
        scores = scores.masked_fill(torch.ones(scores.shape[-2:], dtype=torch.bool).triu(1), -math.inf)
    if mask is not None:
        scores = scores.masked_fill(~mask, -math.inf) if mask.dtype == torch.bool else scores + mask
    return scores.softmax(-1) @ v


def heads(x, count):
    return x.reshape(*x.shape[:2], count, -1).transpose(1, 2)


def joined(x):
    return x.transpose(1, 2).reshape(x.shape[0], x.shape[2], -1)


def rotated(x, c, s):
    a, b = x.chunk(2, -1)
    return torch.cat((a * c[:, None] - b * s[:, None], a * s[:, None] + b * c[:, None]), -1)


def attention():
    d = lambda *shape: lambda: trained(draw(*shape))
    case("Attention", attend, d(1, 2, 3, 4), d(1, 2, 5, 4), d(1, 2, 5, 3), d(3, 5), opset=23, note="trained mask")
    case("Attention", attend, d(1, 2, 3, 4), d(1, 2, 4, 4), d(1, 2, 4, 4), constant(torch.arange(12).reshape(3, 4) % 3 != 1), opset=23, note="keys hidden")
    case("Attention", lambda q, k, v: attend(q, k, v, causal=True), d(1, 2, 4, 4), d(1, 2, 4, 4), d(1, 2, 4, 4), opset=23, attributes={"is_causal": 1}, note="causal")
    case("Attention", lambda q, k, v: joined(attend(heads(q, 2), heads(k, 2), heads(v, 2), scale=0.3)), d(1, 3, 4), d(1, 5, 4), d(1, 5, 4), opset=23, attributes={"q_num_heads": 2, "kv_num_heads": 2, "scale": 0.3}, note="heads joined")
    case("RotaryEmbedding", rotated, d(2, 2, 3, 4), d(2, 3, 2), d(2, 3, 2), opset=23)


def fused():
    d = lambda *shape: lambda: trained(draw(*shape))
    own = {"domain": "com.microsoft"}
    case("Gelu", F.gelu, d(2, 3), **own)
    case("BiasGelu", lambda x, b: F.gelu(x + b), d(2, 3, 4), d(4), **own)
    case("FastGelu", lambda x, b: F.gelu(x + b, approximate="tanh"), d(2, 3, 4), d(4), **own)
    case("QuickGelu", lambda x: x * torch.sigmoid(1.702 * x), d(2, 3), **own)
    case("FusedGemm", lambda a, b, c: F.leaky_relu(0.5 * (a @ b.T) + 2 * c, 0.3), d(2, 3), d(4, 3), d(4), attributes={"activation": "LeakyRelu", "activation_alpha": 0.3, "transB": 1, "alpha": 0.5, "beta": 2.0}, **own)
    case("FusedMatMul", lambda a, b: 0.5 * a.transpose(1, 2) @ b, d(2, 4, 3), d(2, 4, 5), attributes={"transA": 1, "alpha": 0.5}, **own)
    case("TransposeMatMul", lambda a, b: a @ b.transpose(1, 2), d(2, 3, 4), d(2, 5, 4), attributes={"transB": 1}, **own)

    def multi_head(q, k, v, bias):
        q, k, v = q + bias[:4], k + bias[4:8], v + bias[8:]
        return joined(attend(heads(q, 2), heads(k, 2), heads(v, 2)))
    case("MultiHeadAttention", multi_head, d(1, 3, 4), d(1, 5, 4), d(1, 5, 6), d(14), attributes={"num_heads": 2}, **own)

    def projecting(x, w, b):
        q, k, v = (x @ w + b).chunk(3, -1)
        return joined(attend(heads(q, 2), heads(k, 2), heads(v, 2), causal=True))
    case("Attention", projecting, d(1, 3, 4), d(4, 12), d(12), attributes={"num_heads": 2, "unidirectional": 1}, **own)
    places = torch.tensor([[0, 1, 2], [1, 4, 3]])
    case("RotaryEmbedding", lambda x, p, c, s: joined(rotated(heads(x, 2), c[places], s[places])), d(2, 3, 8), constant(places), d(5, 2), d(5, 2), **own)

    def grouped(q, k, v, *_):
        k, v = (heads(t, 1).repeat_interleave(2, 1) for t in (k, v))
        return joined(attend(heads(q, 2), k, v, causal=True)), None, None
    lengths = constant(torch.tensor([2]), "int32"), constant(torch.tensor([3]), "int32")
    case("GroupQueryAttention", grouped, d(1, 3, 16), d(1, 3, 8), d(1, 3, 8), None, None, *lengths, attributes={"num_heads": 2, "kv_num_heads": 1}, unused=(1, 2), **own)


def make():
    recurrence()
    attention()
    fused()
