#!/usr/bin/python3
"""Runs a training graph of this project in float64, with PyTorch's kernels: the gradients that the graph states, without float32 rounding.

Run:     /usr/bin/python3 float64_graph.py DIR OUTPUT…
Reads:   DIR/graph.onnx, the graph; DIR/feeds/*.pb, its inputs, each with its name
Writes:  DIR/graph64/0.pb …   the outputs named, in float64

ONNX Runtime has no float64 convolution. Only the operators that training graphs of image classifiers contain are here: one line each, from the ONNX standard.
"""
import os, sys
import numpy as np, onnx, torch
from onnx import helper, numpy_helper
from torch.nn import functional as F

folder, outputs = sys.argv[1], sys.argv[2:]


def tensor(proto):
    t = torch.from_numpy(numpy_helper.to_array(proto).copy())
    return t.double() if t.is_floating_point() else t


def ints(t):
    return [int(v) for v in t.reshape(-1)]


def pairs(pads):
    """ONNX's pads (begins, then ends) in PyTorch's order: last axis first, begin and end."""
    half = len(pads) // 2
    return [p for i in reversed(range(half)) for p in (int(pads[i]), int(pads[i + half]))]


def conv(x, w, b=None, *, group=1, strides=(1, 1), pads=(0, 0, 0, 0), dilations=(1, 1), kernel_shape=None, auto_pad="NOTSET"):
    assert auto_pad == "NOTSET", auto_pad
    return F.conv2d(F.pad(x, pairs(pads)), w, b, strides, 0, dilations, group)


def conv_transpose(x, w, b=None, *, group=1, strides=(1, 1), pads=(0, 0, 0, 0), dilations=(1, 1), output_padding=(0, 0), kernel_shape=None):
    y = F.conv_transpose2d(x, w, b, strides, 0, 0, group, dilations)
    return F.pad(y, [o - p for o, p in zip(pairs([0, 0, *output_padding]), pairs(pads))])


def max_pool(x, *, kernel_shape, strides=(1, 1), pads=(0, 0, 0, 0), ceil_mode=0, dilations=(1, 1), storage_order=0, auto_pad="NOTSET"):
    assert list(pads[:2]) == list(pads[2:]) and auto_pad == "NOTSET", pads
    y, indices = F.max_pool2d(x, kernel_shape, strides, pads[:2], dilations, bool(ceil_mode), return_indices=True)
    planes = torch.arange(x.shape[0] * x.shape[1]).reshape(x.shape[0], x.shape[1], 1, 1) * (x.shape[2] * x.shape[3])
    return y, indices + planes


def max_unpool(x, indices, shape, **_):
    return torch.zeros(ints(shape), dtype=x.dtype).reshape(-1).scatter(0, indices.reshape(-1), x.reshape(-1)).reshape(ints(shape))


def average_pool(x, *, kernel_shape, strides=(1, 1), pads=(0, 0, 0, 0), ceil_mode=0, count_include_pad=0, dilations=(1, 1), auto_pad="NOTSET"):
    assert list(pads[:2]) == list(pads[2:]) and list(dilations) == [1, 1] and auto_pad == "NOTSET", pads
    return F.avg_pool2d(x, kernel_shape, strides, pads[:2], bool(ceil_mode), bool(count_include_pad))


def batch_normalization(x, scale, b, mean, variance, *, epsilon=1e-5, training_mode=0, momentum=0.9):
    if training_mode:
        assert momentum == 0, momentum
        axes = [0, *range(2, x.dim())]
        mean, variance = x.mean(axes), x.var(axes, unbiased=False)
    by_channel = [-1] + [1] * (x.dim() - 2)
    y = (x - mean.reshape(by_channel)) / torch.sqrt(variance.reshape(by_channel) + epsilon) * scale.reshape(by_channel) + b.reshape(by_channel)
    return (y, mean, variance) if training_mode else y


def reduction(reduce):
    def run(x, axes=None, *, keepdims=1, noop_with_empty_axes=0):
        dims = ints(axes) if axes is not None and axes.numel() else [] if noop_with_empty_axes else list(range(x.dim()))
        return reduce(x, dims, bool(keepdims)) if dims else x
    return run


def product(x, dims, keep):
    for d in sorted((d % x.dim() for d in dims), reverse=True):
        x = x.prod(d, keepdim=keep)
    return x


def reshape(x, shape, *, allowzero=0):
    return x.reshape(tuple(x.shape[i] if s == 0 and not allowzero else s for i, s in enumerate(ints(shape))))


def unsqueeze(x, axes):
    rank = x.dim() + axes.numel()
    for a in sorted(a % rank for a in ints(axes)):
        x = x.unsqueeze(a)
    return x


def squeeze(x, axes=None):
    dims = [i for i, d in enumerate(x.shape) if d == 1] if axes is None else [a % x.dim() for a in ints(axes)]
    return x.reshape(tuple(d for i, d in enumerate(x.shape) if i not in dims))


def take_slice(x, starts, ends, axes=None, steps=None):
    axes = range(starts.numel()) if axes is None else ints(axes)
    steps = [1] * starts.numel() if steps is None else ints(steps)
    for a, first, last, step in zip(axes, ints(starts), ints(ends), steps):
        x = x.index_select(a, torch.tensor(range(x.shape[a])[first:None if step < 0 and last < -x.shape[a] else last:step], dtype=torch.long))
    return x


def pad(x, pads, value=None, axes=None, *, mode="constant"):
    assert mode == "constant", mode
    amounts = np.zeros((2, x.dim()), int)
    amounts[:, range(x.dim()) if axes is None else ints(axes)] = np.reshape(ints(pads), (2, -1))
    return F.pad(x, pairs(amounts.reshape(-1)), value=0.0 if value is None else float(value))


def split(x, sizes=None, *, axis=0, num_outputs=None):
    return torch.split(x, ints(sizes) if sizes is not None else -(-x.shape[axis] // num_outputs), axis)


def scatter_elements(x, indices, updates, *, axis=0, reduction="none"):
    indices = torch.where(indices < 0, indices + x.shape[axis], indices)
    return x.scatter_add(axis, indices, updates) if reduction == "add" else x.scatter(axis, indices, updates)


def gather(x, indices, *, axis=0):
    axis %= x.dim()
    places = torch.where(indices < 0, indices + x.shape[axis], indices)
    return x.index_select(axis, places.reshape(-1)).reshape((*x.shape[:axis], *indices.shape, *x.shape[axis + 1:]))


def space_to_depth(x, *, blocksize):
    n, c, h, w = x.shape
    return x.reshape(n, c, h // blocksize, blocksize, w // blocksize, blocksize).permute(0, 3, 5, 1, 2, 4).reshape(n, -1, h // blocksize, w // blocksize)


def depth_to_space(x, *, blocksize, mode="DCR"):
    n, c, h, w = x.shape
    inner = c // blocksize ** 2
    parts, order = ((blocksize, blocksize, inner), (0, 3, 4, 1, 5, 2)) if mode == "DCR" else ((inner, blocksize, blocksize), (0, 1, 4, 2, 5, 3))
    return x.reshape(n, *parts, h, w).permute(order).reshape(n, inner, h * blocksize, w * blocksize)


def cast(x, *, to, saturate=1):
    return x.to({onnx.TensorProto.FLOAT: torch.float64, onnx.TensorProto.DOUBLE: torch.float64, onnx.TensorProto.INT64: torch.int64, onnx.TensorProto.BOOL: torch.bool}[to])


def shape_of(x, *, start=0, end=None):
    return torch.tensor(x.shape[start:end], dtype=torch.int64)


def gemm(a, b, c=0.0, *, alpha=1.0, beta=1.0, transA=0, transB=0):
    return alpha * ((a.T if transA else a) @ (b.T if transB else b)) + beta * c


def one_hot(indices, depth, values, *, axis=-1):
    count = int(depth)
    hot = F.one_hot(indices % count, count).movedim(-1, axis)
    return torch.where(hot.bool(), values[1], values[0])


def divide(a, b):
    return a / b if a.is_floating_point() else torch.div(a, b, rounding_mode="trunc")


def extremum(choose):
    def run(*xs):
        return xs[0] if len(xs) == 1 else choose(xs[0], run(*xs[1:]))
    return run


OPERATORS = {
    "Add": torch.add, "Sub": torch.sub, "Mul": torch.mul, "Div": divide, "Neg": torch.neg, "Abs": torch.abs, "Sign": torch.sign, "Sqrt": torch.sqrt, "Exp": torch.exp, "Log": torch.log, "Erf": torch.erf,
    "Reciprocal": torch.reciprocal, "Tanh": torch.tanh, "Sigmoid": torch.sigmoid, "Relu": torch.relu, "HardSwish": F.hardswish, "Pow": torch.pow, "MatMul": torch.matmul, "Gemm": gemm,
    "Sum": lambda *xs: sum(xs), "Max": extremum(torch.maximum), "Min": extremum(torch.minimum), "Mod": lambda a, b, fmod=0: torch.fmod(a, b) if fmod else torch.remainder(a, b),
    "Equal": torch.eq, "Greater": torch.gt, "GreaterOrEqual": torch.ge, "Less": torch.lt, "LessOrEqual": torch.le, "And": torch.logical_and, "Or": torch.logical_or, "Not": torch.logical_not, "Where": torch.where,
    "HardSigmoid": lambda x, alpha=0.2, beta=0.5: (alpha * x + beta).clamp(0, 1), "Clip": lambda x, low=None, high=None: x.clamp(low, high),
    "Softmax": lambda x, axis=-1: x.softmax(axis), "LogSoftmax": lambda x, axis=-1: x.log_softmax(axis),
    "Conv": conv, "ConvTranspose": conv_transpose, "MaxPool": max_pool, "MaxUnpool": max_unpool, "AveragePool": average_pool, "GlobalAveragePool": lambda x: x.mean((2, 3), keepdim=True),
    "BatchNormalization": batch_normalization,
    "ReduceSum": reduction(torch.sum), "ReduceMean": reduction(torch.mean), "ReduceMax": reduction(torch.amax), "ReduceProd": reduction(product),
    "Shape": shape_of, "Size": lambda x: torch.tensor(x.numel()), "Reshape": reshape, "Flatten": lambda x, axis=1: x.reshape(int(np.prod(x.shape[:axis])), -1), "Unsqueeze": unsqueeze, "Squeeze": squeeze,
    "Transpose": lambda x, perm=None: x.permute(perm if perm else list(reversed(range(x.dim())))), "Expand": lambda x, shape: x.expand(torch.broadcast_shapes(x.shape, ints(shape))),
    "Concat": lambda *xs, axis: torch.cat(xs, axis), "Split": split, "Slice": take_slice, "Pad": pad, "Tile": lambda x, repeats: x.repeat(ints(repeats)),
    "Gather": gather, "GatherElements": lambda x, indices, axis=0: x.gather(axis, indices), "ScatterElements": scatter_elements, "OneHot": one_hot,
    "SpaceToDepth": space_to_depth, "DepthToSpace": depth_to_space, "Identity": lambda x: x, "Cast": cast, "CastLike": lambda x, like: x.to(like.dtype),
    "Range": lambda first, limit, step: torch.arange(first.item(), limit.item(), step.item()), "Constant": lambda value: value,
    "ConstantOfShape": lambda shape, value=torch.zeros(1, dtype=torch.float64): torch.full(ints(shape), value.item(), dtype=value.dtype),
}


def attribute(a):
    value = helper.get_attribute_value(a)
    return tensor(value) if a.type == onnx.AttributeProto.TENSOR else value.decode() if isinstance(value, bytes) else value


def main():
    graph = onnx.load(os.path.join(folder, "graph.onnx")).graph
    feeds = [onnx.load_tensor(os.path.join(folder, "feeds", f)) for f in os.listdir(os.path.join(folder, "feeds"))]
    values = {t.name: tensor(t) for t in (*graph.initializer, *feeds)}
    last = {name: i for i, node in enumerate(graph.node) for name in node.input}
    with torch.no_grad():
        for i, node in enumerate(graph.node):
            assert node.op_type in OPERATORS, f"float64_graph.py has no operator {node.op_type}; add it."
            results = OPERATORS[node.op_type](*[values[name] if name else None for name in node.input], **{a.name: attribute(a) for a in node.attribute})
            values |= zip(node.output, results if isinstance(results, tuple) else (results,))
            for name in node.input:
                if last[name] == i and name not in outputs:
                    values.pop(name, None)
    os.makedirs(os.path.join(folder, "graph64"))
    for i, name in enumerate(outputs):
        with open(os.path.join(folder, "graph64", f"{i}.pb"), "wb") as f:
            f.write(numpy_helper.from_array(np.ascontiguousarray(values[name].numpy()), name).SerializeToString())


main()
