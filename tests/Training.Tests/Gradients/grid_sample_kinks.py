"""Prints PyTorch's gradients of grid_sample by the grid at its kinks, as GridSampleKinks.cs has them: python3 grid_sample_kinks.py"""
import torch

IMAGE = torch.tensor([[1., 4, 2, 7, 3], [5, 0, 6, 1, 8], [2, 9, 3, 5, 4]], dtype=torch.float64).reshape(1, 1, 3, 5)

for mode, name in (("bilinear", "linear"), ("bicubic", "cubic")):
    for padding in ("zeros", "border", "reflection"):
        for aligned in (0, 1):
            last = 4 if aligned else 3      # sizes for which the coordinates are exact
            places = torch.tensor([-2, -1, -0.5, 0, 1, 2.25, last, last + 0.5, last + 1, last + 2], dtype=torch.float64)
            x = places / 2 - 1 if aligned else (2 * places + 1) / 4 - 1
            grid = torch.stack([x, torch.zeros_like(x)], -1).reshape(1, 1, -1, 2).requires_grad_()
            torch.nn.functional.grid_sample(IMAGE[..., :last + 1], grid, mode, padding, bool(aligned)).sum().backward()
            numbers = ", ".join(f"{v:.10g}" for v in grid.grad.reshape(-1).tolist()).replace("-0,", "0,")
            print(f'Row("{name}", "{padding}", {aligned}, [{numbers}]),')
