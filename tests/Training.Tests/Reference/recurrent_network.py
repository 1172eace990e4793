#!/usr/bin/python3
"""A small network of PyTorch's recurrent layers and scripted control flow, as its exporter writes them, with loss and gradients.

Run:     /usr/bin/python3 recurrent_network.py OPSET --out DIR
Writes:  DIR/model.onnx, input.pb, labels.pb, loss.pb, grads/NAME.pb, as torchvision_reference.py does

The exporter puts the gates of PyTorch's layers into ONNX's order and stores the result under names of its own; so gradients are put into that order here and
written under the name of the initializer that holds the weights in that order.
"""
import os, warnings
warnings.filterwarnings("ignore")
import numpy as np, onnx, torch
from onnx import numpy_helper
from reference_files import arguments, save
from torch.nn.functional import cross_entropy


@torch.jit.script
def rounds(x, w):
    for i in range(3):
        x = x + (1 + 0.1 * i) * torch.tanh(x @ w)
    return x


@torch.jit.script
def branches(x, w):
    if bool(x.mean() > 0):
        y = torch.tanh(x @ w)
    else:
        y = torch.sigmoid(x @ w)
    return y


class Network(torch.nn.Module):
    def __init__(self):
        super().__init__()
        self.lstm = torch.nn.LSTM(3, 4, num_layers=2, bidirectional=True, batch_first=True)
        self.gru = torch.nn.GRU(8, 5, bidirectional=True, batch_first=True)
        self.rnn = torch.nn.RNN(10, 6, nonlinearity="relu", batch_first=True)
        self.loop = torch.nn.Parameter(0.5 * torch.randn(6, 6))
        self.branch = torch.nn.Parameter(0.5 * torch.randn(6, 6))
        self.classifier = torch.nn.Linear(6, 4)

    def forward(self, x):
        x, _ = self.lstm(x)
        x, _ = self.gru(x)
        _, last = self.rnn(x)
        return self.classifier(branches(rounds(last[0], self.loop), self.branch))


# Gates in ONNX's order, by their places in PyTorch's: LSTM i f g o -> i o f c, GRU r z n -> z r h.
ORDER = {torch.nn.LSTM: (0, 3, 1, 2), torch.nn.GRU: (1, 0, 2), torch.nn.RNN: (0,)}


def in_onnx_order(module, read):
    """The inputs W, R and B of each layer; read gives an array for a parameter's name."""
    def turned(name):
        parts = np.split(read(name), len(ORDER[type(module)]))
        return np.concatenate([parts[i] for i in ORDER[type(module)]])
    for layer in range(module.num_layers):
        suffixes = [f"_l{layer}", f"_l{layer}_reverse"][:2 if module.bidirectional else 1]
        for name in ("weight_ih", "weight_hh"):
            yield np.stack([turned(name + s) for s in suffixes])
        yield np.stack([np.concatenate([turned("bias_ih" + s), turned("bias_hh" + s)]) for s in suffixes])


a = arguments()
torch.manual_seed(0)
network, x, labels = Network(), torch.randn(3, 5, 3), torch.tensor([1, 3, 0])
loss = cross_entropy(network(x), labels)
loss.backward()
file = os.path.join(a.out, "model.onnx")
torch.onnx.export(network, x, file, opset_version=a.opset, input_names=["x"], output_names=["y"], dynamic_axes={"x": {0: "N"}, "y": {0: "N"}})
for name, tensor in (("input", x), ("labels", labels), ("loss", loss.detach())):
    save(a.out, name, tensor.numpy())
pairs = [(p.detach().numpy(), p.grad.numpy()) for name, p in network.named_parameters() if name.split(".")[0] in ("loop", "branch", "classifier")]
for module in (network.lstm, network.gru, network.rnn):
    pairs += zip(in_onnx_order(module, lambda n: getattr(module, n).detach().numpy()), in_onnx_order(module, lambda n: getattr(module, n).grad.numpy()))
initializers = {i.name: numpy_helper.to_array(i) for i in onnx.load(file).graph.initializer}
for value, gradient in pairs:
    [name] = [n for n, i in initializers.items() if np.array_equal(i, value)]
    save(a.out, os.path.join("grads", name), gradient)
