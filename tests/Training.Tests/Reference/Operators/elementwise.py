"""Functions of single elements, activations, and arithmetic with broadcasting."""
import torch
from torch.nn import functional as F
from fixture import case, computed, constant, draw, trained

inf, nan = float("inf"), float("nan")


def at(operator, function, *points, **options):
    """One case at the given points, with dL/dY = 1."""
    case(operator, function, trained(list(points)), unit=True, **options)


COMMON = (-3, -1.5, -1, -0.25, 0.5, 1, 2.75)


def activations():
    at("Relu", F.relu, *COMMON, -0.0, 0.0, 1e-30, -1e-30, inf, -inf, note="kink")
    at("Sigmoid", torch.sigmoid, *COMMON, 0, 40, -40, inf, -inf, note="ends")
    at("Tanh", torch.tanh, *COMMON, 0, -0.0, 30, -30, inf, -inf, note="ends")
    at("Softplus", F.softplus, *COMMON, 0, 80, -80, 1000, note="ends")
    at("Softsign", F.softsign, *COMMON, 0, -0.0, 1e6, -1e6, note="kink")
    at("LeakyRelu", lambda x: F.leaky_relu(x, 0.25), *COMMON, -0.0, 0, 1e20, -1e20, attributes={"alpha": 0.25}, note="kink")
    at("LeakyRelu", lambda x: F.leaky_relu(x, -0.5), *COMMON, 0, attributes={"alpha": -0.5}, note="kink, falling")
    at("LeakyRelu", lambda x: F.leaky_relu(x, 1.5), *COMMON, 0, attributes={"alpha": 1.5}, note="kink, steeper below")
    for alpha in (1.0, 0.5):
        at("Elu", lambda x: F.elu(x, alpha), *COMMON, -0.0, 0, -100, 100, attributes={"alpha": alpha}, note="kink")
        at("Celu", lambda x: F.celu(x, alpha), *COMMON, -0.0, 0, -100, 100, attributes={"alpha": alpha}, note="kink")
    at("Selu", F.selu, *COMMON, -0.0, 0, -100, 100, note="kink")
    at("HardSigmoid", F.hardsigmoid, *COMMON, -3, 3, 2.999999, -2.999999, 3.1, -100, 100, attributes={"alpha": 1 / 6, "beta": 0.5}, note="kinks")
    at("HardSwish", F.hardswish, *COMMON, -3, 0, 2.9999998, -2.9999998, 3.1, -3.1, 100, -100, note="kinks")       # at 3 PyTorch's scalar loop gives 1.5, its vector loop 1
    at("ThresholdedRelu", lambda x: F.threshold(x, 1, 0), *COMMON, 1.0000001, attributes={"alpha": 1.0}, note="kink")
    at("Shrink", lambda x: F.hardshrink(x, 1), *COMMON, 1.0000001, -1.0000001, attributes={"lambd": 1.0}, note="kinks, hard")
    at("Shrink", lambda x: F.softshrink(x, 1), *COMMON, 1.0000001, -1.0000001, attributes={"lambd": 1.0, "bias": 1.0}, note="kinks, soft")
    at("Gelu", F.gelu, *COMMON, 0, 10, -10, 50, -50, note="ends")
    at("Gelu", lambda x: F.gelu(x, approximate="tanh"), *COMMON, 0, 10, -10, 50, -50, attributes={"approximate": "tanh"}, note="ends")
    at("Mish", F.mish, *COMMON, 0, 30, -30, note="ends")
    at("Swish", F.silu, *COMMON, 0, 30, -30, note="ends", opset=24)
    at("Swish", lambda x: x * torch.sigmoid(1.5 * x), *COMMON, 0, note="alpha", attributes={"alpha": 1.5}, opset=24)
    case("PRelu", F.prelu, trained([-2, -0.0, 0, 3]), trained([0.25]), unit=True, note="kink")
    case("PRelu", lambda x, w: F.prelu(x, w.reshape(-1)), lambda: trained(draw(2, 3, 4)), lambda: trained(draw(3, 1)), note="by channel")
    case("PRelu", F.prelu, trained([-2, 0, 3]), trained([-1.5]), unit=True, note="kink, falling")


def clips():
    """Constant bounds are those of hardtanh and ReLU6, bounds that the network computes those of clamp: at a bound PyTorch's first passes nothing, its second all."""
    case("Clip", lambda x, low, high: F.hardtanh(x, 0, 6), trained([-1, 0, 1e-6, 3, 5.9999995, 6, 7, inf, -inf]), constant(0.0), constant(6.0), unit=True, note="ReLU6")
    case("Clip", lambda x, low, high: F.hardtanh(x, -1, 1), trained([-3, -1, 0, 1, 3]), constant(-1.0), constant(1.0), unit=True, note="hardtanh")
    case("Clip", lambda x, low: x.clamp(min=-1), trained([-3, 0, 2, 1e30]), constant(-1.0), unit=True, note="one bound")
    case("Clip", torch.clamp, trained([-3, -1, 0, 1, 3]), trained(-1.0), trained(1.0), unit=True, note="trained bounds, at them")
    case("Clip", torch.clamp, trained([-3, -1, 0, 1, 3]), computed(-1.0), computed(1.0), unit=True, note="computed bounds, at them")
    case("Clip", torch.clamp, lambda: trained(draw(3, 4)), trained(-0.6), trained(0.8), note="trained bounds")


def functions():
    for name, function, points in (
        ("Neg", torch.neg, (0, -0.0, inf)), ("Abs", torch.abs, (0, -0.0, 1e-30, inf, -inf)), ("Exp", torch.exp, (0, -100, -inf)), ("Erf", torch.erf, (0, 5, -5, inf, -inf)),
        ("Sin", torch.sin, (0, -0.0)), ("Cos", torch.cos, (0,)), ("Tan", torch.tan, (0,)), ("Atan", torch.atan, (0, 1e6, inf, -inf)), ("Sinh", torch.sinh, (0,)), ("Cosh", torch.cosh, (0,)),
        ("Asinh", torch.asinh, (0, 1e6)), ("Reciprocal", torch.reciprocal, (0, 1e-6, 1e6, inf)), ("Log", torch.log, (0, 1e-30, inf)),
    ):
        at(name, function, *COMMON, *points, note="with special values")
    at("Sqrt", torch.sqrt, 0, 0.25, 2, 1e-30, 1e30, -1, note="with special values")
    at("Asin", torch.asin, -1, -0.5, 0, 0.75, 1, 2, note="with special values")
    at("Acos", torch.acos, -1, -0.5, 0, 0.75, 1, 2, note="with special values")
    at("Acosh", torch.acosh, 1, 1.5, 3, 0.5, note="with special values")
    at("Atanh", torch.atanh, -1, -0.5, 0, 0.75, 1, note="with special values")
    for name, function in (("Exp", torch.exp), ("Sinh", torch.sinh), ("Cosh", torch.cosh)):
        at(name, function, 88, 100, -100, single=True, note="overflow")
    at("Identity", lambda x: x * 1, *COMMON, inf, -inf, nan)
    at("Cast", lambda x: x.float().double(), *COMMON, attributes={"to": 11}, note="to double")
    case("CastLike", lambda x, y: x * 1, trained(list(COMMON)), constant([1.0]))


def arithmetic():
    for name, function in (("Add", torch.add), ("Sub", torch.sub), ("Mul", torch.mul), ("Max", torch.maximum), ("Min", torch.minimum)):
        case(name, function, lambda: trained(draw(2, 3)), lambda: trained(draw(3)), note="broadcast")
    case("Div", torch.div, lambda: trained(draw(2, 1, 3)), lambda: trained(draw(4, 1, low=0.5)), note="broadcast both")
    case("Div", torch.div, trained([1, 0, -1, 2]), trained([0, 0, 0, -4]), unit=True, note="by zero")
    case("Mul", torch.mul, trained([0, 0, inf]), trained([2, inf, 2]), unit=True, note="with infinity")
    for name, function in (("Max", torch.maximum), ("Min", torch.minimum)):
        case(name, function, trained([1, 2, 3, 0, -0.0, inf, -inf, inf]), trained([2, 2, -3, -0.0, -0.0, inf, -inf, 1]), unit=True, note="ties")
    every = lambda choose: lambda *xs: choose(torch.stack(torch.broadcast_tensors(*xs)), 0)
    for name, choose in (("Max", torch.amax), ("Min", torch.amin)):
        case(name, every(choose), trained([1, 2, 3, 0]), trained([2, 2, 3, 0]), trained([0, 2, 3, 1]), unit=True, note="ties of three")
    case("Sum", lambda *xs: sum(xs), lambda: trained(draw(2, 3)), lambda: trained(draw(3)), lambda: trained(draw(1)))
    case("Mean", lambda *xs: sum(xs) / 3, lambda: trained(draw(2, 3)), lambda: trained(draw(3)), lambda: trained(draw(1)))
    case("Mod", torch.fmod, trained([5, -5, 5, -5, 6, -6, 0, 0.75]), trained([3, 3, -3, -3, 3, 3, 2, 0.5]), unit=True, attributes={"fmod": 1}, note="signs and multiples")
    case("Where", torch.where, constant(torch.tensor([True, False, True])), lambda: trained(draw(2, 3)), lambda: trained(draw(3)), note="broadcast")
    case("Where", torch.where, constant(torch.tensor([True, False, True])), trained([inf, nan, 1]), trained([nan, 2, -inf]), unit=True, note="not a number where it is not chosen")
    case("Expand", lambda x, s: x.expand(2, 4, 3), lambda: trained(draw(4, 1)), lambda: constant(torch.tensor([2, 1, 3])))


def powers():
    bases = (-2, -0.5, 0, 0.5, 1, 3)
    for exponent in (0.0, 1.0, 2.0, 3.0, -1.0, 0.5, 2.5):
        case("Pow", lambda x, p: torch.pow(x, exponent), trained(list(bases)), constant(exponent), unit=True, note=f"to {exponent}")
    case("Pow", torch.pow, trained([0, 0, 0, 0, 2, 2, -2, -2, 1e-3]), trained([0, 1, 2, 0.5, 0, -1, 2, 3, 0.25]), unit=True, note="trained exponents")
    case("Pow", torch.pow, lambda: trained(draw(2, 3, low=0.25)), lambda: trained(draw(3)), note="broadcast")


def make():
    activations()
    clips()
    functions()
    arithmetic()
    powers()
