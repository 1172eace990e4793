"""What a fixture is made of: inputs, and a function of PyTorch whose output and gradients are written down."""
import json, math, zlib
import torch

cases = []


class Input:
    """An input of the node: trained, a constant, or a constant that the graph computes, so that rules do not see its value."""
    def __init__(self, kind, values, type=None, quantized=None):
        self.kind, self.quantized = kind, quantized
        self.tensor = values if isinstance(values, torch.Tensor) else torch.tensor(values, dtype=torch.float64 if type is None else None)
        self.type = type or {torch.float64: "float", torch.int64: "int64", torch.bool: "bool"}[self.tensor.dtype]
        if self.tensor.is_floating_point():
            self.tensor = self.tensor.float().double()      # what float32 holds is what both sides compute with


def trained(values, quantized=None):
    """A trained input; quantized: the scale with which the graph quantizes it to uint8 before the operator reads it."""
    return Input("trained", values, quantized=quantized)


def constant(values, type=None):
    return Input("constant", values, type)


def ints(*values):
    return Input("constant", torch.tensor(values, dtype=torch.int64))


def computed(values, type=None):
    return Input("computed", values, type)


def draw(*shape, low=-2.0, high=2.0):
    """Random multiples of 1/16, which are short to write and exact in float32."""
    steps = torch.randint(math.ceil(low * 16), math.floor(high * 16) + 1, shape)
    return steps.double() / 16


def distinct(*shape):
    """Random values no two of which are equal."""
    count = math.prod(shape)
    return (torch.randperm(count).double() - count // 2).reshape(shape) / 8


def numbers(t, digits=7):
    def text(v):
        if isinstance(v, bool):
            return int(v)
        if isinstance(v, int) or math.isfinite(v) and v == int(v) and abs(v) < 1e15 and (v != 0 or math.copysign(1, v) > 0):
            return int(v)
        return float(f"{v:.{digits}g}") if math.isfinite(v) else "NaN" if math.isnan(v) else "Infinity" if v > 0 else "-Infinity"
    return [text(v) for v in t.reshape(-1).tolist()]


def case(operator, function, *inputs, note="", attributes=None, opset=21, domain="", unit=False, unused=(), single=False, tolerance=None, reason=None):
    """Writes one case down.

    function: of the tensors of the inputs (None where one is left out) to the output, or a tuple of them, in PyTorch
    unit: dL/dY is all ones, for kinks and special values, rather than random
    unused: outputs that take no part in the loss
    single: PyTorch computes in float32, where float64 would not overflow or round as float32 does
    tolerance, reason: where float32 cannot be as exact as everywhere else, and why
    """
    assert (tolerance is None) == (reason is None), operator
    torch.manual_seed(zlib.crc32(f"{operator} {note} {attributes}".encode()))
    inputs = [i() if callable(i) else i for i in inputs]
    dtype = torch.float32 if single else torch.float64
    tensors = [None if i is None else i.tensor.to(dtype) if i.tensor.is_floating_point() else i.tensor for i in inputs]
    wanted = [t.requires_grad_() for i, t in zip(inputs, tensors) if i is not None and i.kind == "trained"]
    results = function(*tensors)
    results = results if isinstance(results, tuple) else (results,)
    used = [i for i, y in enumerate(results) if y is not None and y.is_floating_point() and i not in unused]
    cotangents = {i: torch.ones_like(results[i]) if unit else draw(*results[i].shape, low=-1, high=1).to(dtype) for i in used}
    gradients = iter(torch.autograd.grad([results[i] for i in used], wanted, [cotangents[i] for i in used], allow_unused=True))
    row = {"operator": operator, "note": note, "opset": opset, "domain": domain, "attributes": attributes or {},
           "inputs": [None if i is None else {"kind": i.kind, "type": i.type, "shape": list(i.tensor.shape), "values": numbers(i.tensor, 9), "quantized": i.quantized} for i in inputs],
           "outputs": [{"values": numbers(y.detach()), "cotangents": numbers(cotangents[i])} if i in used else None for i, y in enumerate(results)],
           "gradients": [None if g is None else numbers(g) for g in (next(gradients) if i is not None and i.kind == "trained" else None for i in inputs)]}
    if tolerance is not None:
        row |= {"tolerance": tolerance, "reason": reason}
    cases.append({k: v for k, v in row.items() if v not in ("", {}) and (k, v) != ("opset", 21)})


def write(path):
    for row in cases:
        row["inputs"] = [i and {k: v for k, v in i.items() if v not in ("trained", "float", None)} for i in row["inputs"]]
    names = [(c["operator"], c.get("domain"), c.get("note"), json.dumps(c.get("attributes")), json.dumps(c["inputs"])) for c in cases]
    assert len(set(names)) == len(names), [n[:4] for n in names if names.count(n) > 1]
    with open(path, "w") as f:
        f.write("[\n" + ",\n".join(json.dumps(c, separators=(",", ":")) for c in cases) + "\n]\n")
