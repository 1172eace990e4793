#!/usr/bin/python3
"""What rounding does to PyTorch's own gradients: beside the reference in a folder of torchvision_reference.py, its float64 gradients and
the errors of several float32 evaluations.

Run:     /usr/bin/python3 float64_gradients.py DIR EVALUATIONS
Reads:   DIR/model.pt, input.pb, labels.pb, grads/NAME.pb
Writes:  DIR/float64/NAME.pb   float64 gradient of each parameter in grads
         DIR/float64_loss.pb   float64 loss
         DIR/rounding.json     by parameter, the largest ||float32 - float64|| of the evaluations

A ReLU or a MaxPool whose inputs are equal but for rounding decides by chance, and a gradient jumps with the decision, so one float32
evaluation is no measure. The first evaluation here is the reference's; the others have inputs changed by about one unit in the last place.
"""
import json, os, sys, warnings
warnings.filterwarnings("ignore")
import numpy as np, onnx, torch
from onnx import numpy_helper

UNIT_IN_THE_LAST_PLACE = 2.0 ** -23


def load(folder, name):
    return torch.from_numpy(numpy_helper.to_array(onnx.load_tensor(os.path.join(folder, name))).copy())


def gradients(model, x, labels):
    model.zero_grad()
    loss = torch.nn.functional.cross_entropy(model(x), labels)
    loss.backward()
    return loss.item(), {name: p.grad.double().numpy().copy() for name, p in model.named_parameters() if p.grad is not None}


def main(folder, evaluations):
    model = torch.jit.load(os.path.join(folder, "model.pt"))
    x, labels = load(folder, "input.pb"), load(folder, "labels.pb")
    names = [f[:-len(".pb")] for f in os.listdir(os.path.join(folder, "grads"))]
    generator = torch.Generator().manual_seed(0)
    single = [{name: load(folder, f"grads/{name}.pb").double().numpy() for name in names}]
    for _ in range(1, evaluations):
        noise = torch.randn(x.shape, generator=generator) * UNIT_IN_THE_LAST_PLACE
        single.append(gradients(model, x * (1 + noise), labels)[1])
    loss, exact = gradients(model.double(), x.double(), labels)
    os.makedirs(os.path.join(folder, "float64"))
    for path, value in [("float64_loss", np.array(loss)), *[(os.path.join("float64", name), exact[name]) for name in names]]:
        with open(os.path.join(folder, path + ".pb"), "wb") as f:
            f.write(numpy_helper.from_array(np.ascontiguousarray(value)).SerializeToString())
    with open(os.path.join(folder, "rounding.json"), "w") as f:
        json.dump({name: max(float(np.linalg.norm(g[name] - exact[name])) for g in single) for name in names}, f)


main(sys.argv[1], int(sys.argv[2]))
