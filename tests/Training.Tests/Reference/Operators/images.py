"""Convolution, pooling, resampling and Fourier transforms."""
import torch, torchvision
from torch.nn import functional as F
from fixture import case, constant, distinct, draw, ints, trained


def convolutions():
    x = lambda c: lambda: trained(draw(1, c, 5, 6))
    w = lambda *shape: lambda: trained(draw(*shape, low=-1, high=1))
    case("Conv", lambda x, w, b: F.conv2d(x, w, b, padding=1), x(2), w(3, 2, 3, 3), w(3), attributes={"pads": [1, 1, 1, 1]})
    case("Conv", lambda x, w: F.conv2d(x, w, stride=2, dilation=(2, 1), groups=2), x(4), w(4, 2, 2, 3), attributes={"strides": [2, 2], "dilations": [2, 1], "group": 2}, note="groups, strides, dilations")
    case("Conv", lambda x, w, b: F.conv2d(x, w, b, padding=1, stride=2, groups=3), x(3), w(3, 1, 3, 3), w(3), attributes={"pads": [1, 1, 1, 1], "strides": [2, 2], "group": 3}, note="depthwise")
    case("Conv", lambda x, w, b: F.conv2d(x, w, b), x(3), w(4, 3, 1, 1), w(4), note="pointwise")
    case("Conv", lambda x, w: F.conv1d(x, w, stride=2, padding=1), lambda: trained(draw(2, 2, 7)), w(3, 2, 3), attributes={"strides": [2], "pads": [1, 1]}, note="1-D")
    case("Conv", lambda x, w: F.conv3d(x, w, padding=(0, 1, 0)), lambda: trained(draw(1, 2, 3, 3, 3)), w(2, 2, 2, 3, 2), attributes={"pads": [0, 1, 0, 0, 1, 0]}, note="3-D")
    case("ConvTranspose", lambda x, w, b: F.conv_transpose2d(x, w, b, stride=2, padding=1, output_padding=1), lambda: trained(draw(1, 2, 3, 4)), w(2, 3, 3, 3), w(3),
         attributes={"strides": [2, 2], "pads": [1, 1, 1, 1], "output_padding": [1, 1]})
    case("ConvTranspose", lambda x, w: F.conv_transpose2d(x, w, groups=2, dilation=2), lambda: trained(draw(1, 4, 3, 4)), w(4, 1, 2, 3), attributes={"group": 2, "dilations": [2, 2]}, note="groups, dilations")
    case("FusedConv", lambda x, w, b: F.relu(F.conv2d(x, w, b)), x(2), w(3, 2, 3, 3), w(3), attributes={"activation": "Relu", "kernel_shape": [3, 3]}, domain="com.microsoft")
    deform = dict(strides=[2, 1], pads=[1, 0, 1, 0], dilations=[1, 2])
    case("DeformConv", lambda x, w, o, b, m: torchvision.ops.deform_conv2d(x, o, w, b, (2, 1), (1, 0), (1, 2), m), lambda: trained(draw(1, 2, 4, 5)), w(2, 2, 2, 2), lambda: trained(draw(1, 8, 3, 3)), w(2), lambda: trained(draw(1, 4, 3, 3)), attributes=deform)
    case("DeformConv", lambda x, w, o: torchvision.ops.deform_conv2d(x, o, w), lambda: trained(draw(1, 1, 3, 4)), w(1, 1, 2, 2), lambda: trained(torch.zeros(1, 8, 2, 3).double()), note="offsets of zero")


def pooling():
    image = lambda: trained(distinct(1, 1, 5, 6))
    tied = trained(torch.tensor([[1., 1, 0, 2, 2, 2], [1, 1, 0, 2, 2, 2], [0, 0, 0, 0, 0, 0], [-1, -1, 3, 3, -1, -1], [-1, -1, 3, 3, -1, -1]]).reshape(1, 1, 5, 6).double())
    for k, s, p, ceil in ((2, 2, 0, 0), (3, 2, 1, 0), (3, 2, 0, 1), (2, 1, 0, 0), (2, 3, 0, 0)):
        attributes = {"kernel_shape": [k, k], "strides": [s, s], "pads": [p] * 4, "ceil_mode": ceil}
        case("MaxPool", lambda x: F.max_pool2d(x, k, s, p, ceil_mode=bool(ceil)), image, attributes=attributes)
        case("MaxPool", lambda x: F.max_pool2d(x, k, s, p, ceil_mode=bool(ceil)), tied, attributes=attributes, unit=True, note="ties")
        for inside in (0, 1) if p or ceil else (0,):
            case("AveragePool", lambda x: F.avg_pool2d(x, k, s, p, bool(ceil), bool(inside)), image, attributes=attributes | {"count_include_pad": inside})
        case("LpPool", lambda x: torch.linalg.vector_norm(F.unfold(x.reshape(2, 1, 4, 6), k, stride=s), dim=1).reshape(1, 2, (4 - k) // s + 1, -1), lambda: trained(draw(1, 2, 4, 6)),
             attributes={"kernel_shape": [k, k], "strides": [s, s]}, note="2-norm of windows") if p == 0 and not ceil else None
    case("MaxPool", lambda x: F.max_pool2d(x, 2, 1, dilation=2), image, attributes={"kernel_shape": [2, 2], "dilations": [2, 2]}, note="dilated")
    case("MaxPool", lambda x: F.max_pool2d(x, 2, 2, return_indices=True)[0], image, attributes={"kernel_shape": [2, 2], "strides": [2, 2], "pads": [0, 0, 0, 0], "storage_order": 1}, note="storage order")
    case("MaxPool", lambda x: F.max_pool2d(x, 2, 2), trained(torch.tensor([[-float("inf"), -3, 0, -0.0]]).repeat(2, 1).reshape(1, 1, 2, 4).double()), attributes={"kernel_shape": [2, 2], "strides": [2, 2]}, unit=True, note="infinity and zeros")
    case("MaxPool", lambda x: F.max_pool1d(x, 3, 2), lambda: trained(distinct(1, 2, 7)), attributes={"kernel_shape": [3], "strides": [2]}, note="1-D")
    case("GlobalAveragePool", lambda x: F.adaptive_avg_pool2d(x, 1), image)
    case("GlobalMaxPool", lambda x: F.adaptive_max_pool2d(x, 1), image)
    case("GlobalMaxPool", lambda x: F.adaptive_max_pool2d(x, 1), tied, unit=True, note="ties")
    case("GlobalLpPool", lambda x: torch.linalg.vector_norm(x, 2, (2, 3), True), image)
    case("GlobalLpPool", lambda x: torch.linalg.vector_norm(x, 3, (2, 3), True), image, attributes={"p": 3})
    case("LpPool", lambda x: torch.linalg.vector_norm(x.reshape(1, 1, 3, 2), dim=3), trained([[[0, 0, -3, 4, 0, -0.0]]]), attributes={"kernel_shape": [2], "strides": [2]}, unit=True, note="zeros")
    case("MaxUnpool", lambda x, i: F.max_unpool2d(x, i, 2, 2), lambda: trained(draw(1, 1, 2, 2)), constant(torch.tensor([[[[1, 2], [13, 11]]]])), attributes={"kernel_shape": [2, 2], "strides": [2, 2]})
    case("Col2Im", lambda x, i, b: F.fold(x, (4, 5), (2, 3), stride=(1, 2), padding=(1, 0)), lambda: trained(draw(1, 12, 10)), ints(4, 5), ints(2, 3), attributes={"strides": [1, 2], "pads": [1, 0, 1, 0]})


def resampling():
    image = lambda: trained(draw(1, 1, 4, 5))
    resize = lambda sizes, note, attributes, **options: case("Resize", lambda x, r, s, n: F.interpolate(x, size=sizes, **options), image, None, None, ints(1, 1, *sizes), attributes=attributes, note=note)
    half, aligned, a = {"coordinate_transformation_mode": "pytorch_half_pixel"}, {"coordinate_transformation_mode": "align_corners"}, {"cubic_coeff_a": -0.75}
    for sizes in ((7, 8), (7, 3)):
        resize(sizes, f"nearest to {sizes}", {"mode": "nearest", "coordinate_transformation_mode": "asymmetric", "nearest_mode": "floor"}, mode="nearest")
        resize(sizes, f"nearest-exact to {sizes}", {"mode": "nearest", "coordinate_transformation_mode": "half_pixel", "nearest_mode": "round_prefer_ceil"}, mode="nearest-exact")
        resize(sizes, f"bilinear to {sizes}", {"mode": "linear"} | half, mode="bilinear")
        resize(sizes, f"bilinear, aligned, to {sizes}", {"mode": "linear"} | aligned, mode="bilinear", align_corners=True)
        resize(sizes, f"bicubic to {sizes}", {"mode": "cubic"} | half | a, mode="bicubic")
        resize(sizes, f"bicubic, aligned, to {sizes}", {"mode": "cubic"} | aligned | a, mode="bicubic", align_corners=True)
    resize((2, 3), "bilinear, antialiased", {"mode": "linear", "antialias": 1, "exclude_outside": 1} | half, mode="bilinear", antialias=True)
    resize((2, 3), "bicubic, antialiased", {"mode": "cubic", "antialias": 1, "cubic_coeff_a": -0.5, "exclude_outside": 1} | half, mode="bicubic", antialias=True)


def sampling():
    for mode, name in (("bilinear", "linear"), ("nearest", "nearest"), ("bicubic", "cubic")):
        for padding in ("zeros", "border", "reflection"):
            for aligned in (0, 1):
                case("GridSample", lambda x, g: F.grid_sample(x, g, mode, padding, bool(aligned)), lambda: trained(draw(1, 1, 3, 4)), lambda: trained(draw(1, 2, 3, 2, low=-1.7, high=1.7) + 1 / 256),
                     attributes={"mode": name, "padding_mode": padding, "align_corners": aligned})
                places = torch.tensor([-2, -1, -0.5, 0, 1, 2.25, 3, 3.5, 4, 5], dtype=torch.float64)       # borders, folds and elements of 4 columns
                grid = places / 1.5 - 1 if aligned else (2 * places + 1) / 4 - 1
                if not aligned:             # with aligned corners and 4 columns the places are no binary fractions
                    case("GridSample", lambda x, g: F.grid_sample(x, g, mode, padding, False), lambda: trained(draw(1, 1, 3, 4)), trained(torch.stack([grid, torch.zeros_like(grid)], -1).reshape(1, 1, -1, 2)),
                         attributes={"mode": name, "padding_mode": padding}, note="kinks")
    case("GridSample", lambda x, g: F.grid_sample(x, g, align_corners=False), lambda: trained(draw(1, 1, 2, 3, 2)), lambda: trained(draw(1, 2, 2, 1, 3, low=-1.4, high=1.4) + 1 / 256), attributes={"mode": "linear"}, note="3-D")
    for aligned in (0, 1):
        case("AffineGrid", lambda t, s: F.affine_grid(t, (2, 1, 3, 4), bool(aligned)), lambda: trained(draw(2, 2, 3)), ints(2, 1, 3, 4), attributes={"align_corners": aligned})
    boxes = [[0, 0, 5, 5], [2, 1, 6.5, 7], [-1, -2, 3, 2], [3.25, 2.125, 3.5, 2.25]]
    for mode, aligned in (("half_pixel", True), ("output_half_pixel", False)):
        case("RoiAlign", lambda x, r, i: torchvision.ops.roi_align(x, torch.cat([i[:, None].to(r.dtype), r], 1), (3, 2), 0.5, 2, aligned), lambda: trained(draw(2, 2, 4, 5)), constant(boxes), ints(0, 1, 1, 0),
             attributes={"output_height": 3, "output_width": 2, "sampling_ratio": 2, "spatial_scale": 0.5, "coordinate_transformation_mode": mode})
    regions = constant([[0, 0, 0, 5, 4], [1, 1, 2, 4, 3], [1, 3, 1, 3, 1]])
    case("MaxRoiPool", lambda x, r: torchvision.ops.roi_pool(x, r, (2, 3)), lambda: trained(distinct(2, 1, 5, 6)), regions, attributes={"pooled_shape": [2, 3]})


def spectra():
    real = torch.view_as_real
    case("DFT", lambda x, n, a: real(torch.fft.fft(x[..., 0], dim=1)), lambda: trained(draw(2, 5, 1)), None, constant(torch.tensor(1)), note="real")
    case("DFT", lambda x, n, a: real(torch.fft.fft(torch.view_as_complex(x), dim=1)), lambda: trained(draw(2, 4, 2)), None, constant(torch.tensor(1)), note="complex")
    case("DFT", lambda x, n, a: real(torch.fft.rfft(x[..., 0], dim=1)), lambda: trained(draw(2, 6, 1)), None, constant(torch.tensor(1)), attributes={"onesided": 1})
    case("DFT", lambda x, n, a: real(torch.fft.ifft(torch.view_as_complex(x), 7, dim=1)), lambda: trained(draw(2, 5, 2)), constant(torch.tensor(7)), constant(torch.tensor(1)), attributes={"inverse": 1})
    stft = lambda x, s, w, n: real(torch.stft(x, 4, 3, window=w, center=False, onesided=True, return_complex=True)).transpose(1, 2)
    case("STFT", stft, lambda: trained(draw(2, 12)), constant(torch.tensor(3)), lambda: trained(draw(4)), constant(torch.tensor(4)))


def make():
    convolutions()
    pooling()
    resampling()
    sampling()
    spectra()
