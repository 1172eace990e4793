"""Prints torchvision's gradient of deform_conv2d by offsets of zero, as SpatialCases.cs has it: python3 deform_conv_kinks.py"""
import torch, torchvision

image = torch.tensor([[1., 4, 2, 7, 3, 8], [5, 0, 6, 1, 8, 4], [2, 9, 3, 5, 4, 1]]).reshape(1, 1, 3, 6)
weight = torch.tensor([[1., 2], [3, 4]]).reshape(1, 1, 2, 2)
offset = torch.zeros(1, 8, 2, 2, requires_grad=True)       # rows -1, 0, 1, 2 of the image; columns -1, 3 and 1, 5
torchvision.ops.deform_conv2d(image, offset, weight, stride=(2, 2), padding=(1, 1), dilation=(1, 4)).sum().backward()
print(", ".join(f"{v:g}" for v in offset.grad.reshape(-1).tolist()).replace("-0,", "0,"))
