#!/usr/bin/python3
"""A small network of PyTorch's resampling operators, as its exporter writes them, with loss and gradients.

Run:     /usr/bin/python3 spatial_network.py OPSET --out DIR
Writes:  DIR/model.onnx, input.pb, labels.pb, loss.pb, grads/NAME.pb, as torchvision_reference.py does

Operator set 9 has Upsample, 10 the first Resize, 11 the present one in its first form (here with sizes that are computed and a fixed batch), 16 GridSample
and RoiAlign.
"""
import os, warnings
warnings.filterwarnings("ignore")
import numpy as np, torch, torchvision
from reference_files import arguments, save
from torch.nn.functional import cross_entropy, grid_sample, interpolate


class Network(torch.nn.Module):
    def __init__(self, opset):
        super().__init__()
        self.opset = opset
        self.convolutions = torch.nn.ModuleList([torch.nn.Conv2d(3 if i == 0 else 6, 6, 3, padding=1) for i in range(6)])
        self.grid = torch.nn.Conv2d(6, 2, 3, padding=1, stride=2)
        self.classifier = torch.nn.Linear(6, 4)

    def block(self, i, x):
        return 2 * torch.sigmoid(self.convolutions[i](x))

    def forward(self, x):
        x = self.block(1, interpolate(self.block(0, x), scale_factor=2, mode="nearest"))
        if self.opset < 11:
            x = self.block(2, interpolate(x, scale_factor=(1.5, 2), mode="nearest"))
        else:
            x = self.block(2, interpolate(x, size=(13, 11), mode="bilinear", align_corners=True))
            x = self.block(3, interpolate(x, scale_factor=1.5, mode="bicubic", align_corners=False))
            x = self.block(4, interpolate(x, size=(10, 9), mode="bilinear", align_corners=False))
            x = self.block(5, interpolate(x, size=(7, 17), mode="nearest"))
        if self.opset < 16:
            return self.classifier(x.mean((2, 3)))
        grid = 1.3 * torch.tanh(self.grid(x)).permute(0, 2, 3, 1)
        x = grid_sample(x, grid, padding_mode="border", align_corners=False)
        boxes = torch.tensor([[0, 0.3, 0.2, 5.1, 3.3], [1, 1, 0, 7, 2.5], [1, 2, 1, 3.5, 3]])
        regions = torchvision.ops.roi_align(x, boxes, (3, 3), 1.0, 2, aligned=True)
        return self.classifier(x.mean((2, 3)) + regions.mean((0, 2, 3)))


a = arguments()
torch.manual_seed(0)
network, x, labels = Network(a.opset), torch.randn(2, 3, 8, 9), torch.tensor([1, 3])
loss = cross_entropy(network(x), labels)
loss.backward()
torch.onnx.export(network, x, os.path.join(a.out, "model.onnx"), opset_version=a.opset, input_names=["x"], output_names=["y"],
                  dynamic_axes=None if a.opset == 11 else {"x": {0: "N"}, "y": {0: "N"}})
for name, tensor in (("input", x), ("labels", labels), ("loss", loss.detach())):
    save(a.out, name, tensor.numpy())
for name, parameter in network.named_parameters():
    if parameter.grad is not None:
        save(a.out, os.path.join("grads", name), parameter.grad.numpy())
