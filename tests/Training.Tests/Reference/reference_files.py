"""What the scripts that make a reference of a network of their own share: their arguments and files."""
import argparse, os
import numpy as np
from onnx import numpy_helper


def arguments():
    """OPSET and --out; the folder of the gradients is made."""
    p = argparse.ArgumentParser()
    p.add_argument("opset", type=int)
    p.add_argument("--out", required=True)
    a = p.parse_args()
    os.makedirs(os.path.join(a.out, "grads"), exist_ok=True)
    return a


def save(out, name, array):
    """Writes OUT/NAME.pb, a TensorProto."""
    with open(os.path.join(out, name + ".pb"), "wb") as f:
        f.write(numpy_helper.from_array(np.ascontiguousarray(array)).SerializeToString())
