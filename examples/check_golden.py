"""Checks the TFLite files of an export against its golden values. Needs ai-edge-litert, NumPy and Pillow only.

    python examples/check_golden.py exported/cnn_robust

A port to another language or runtime is checked in the same way: it must reproduce `outputs` from `inputs`.
"""

import json
import pathlib
import sys

import numpy as np
from ai_edge_litert.interpreter import Interpreter
from PIL import Image


def feed(path, values, numbers):
    """Returns the input of a file by name: the numbers of a digit, or a whole gray image as the file takes it."""
    details = Interpreter(str(path)).get_signature_runner("serving_default").get_input_details()
    if set(details) == {"rgba", "size"}:
        rgba = np.zeros(details["rgba"]["shape"], np.float32)
        rgba[: 4 * numbers.size] = np.dstack([numbers] * 3 + [np.full_like(numbers, 255)]).ravel()
        return {"rgba": rgba, "size": np.array(numbers.shape, np.int32)}
    name, detail = next(iter(details.items()))
    if name == "image":
        return {name: np.dstack([numbers] * 3)[np.newaxis]}
    shape = (1, *numbers.shape) if "image" in values else detail["shape"]
    return {name: numbers.reshape(shape).astype(detail["dtype"])}


def check(path, golden):
    """Returns the largest difference from the golden values, and the tolerance."""
    values = golden["files"][path.name]
    if "image" in values:
        inputs = [np.asarray(Image.open(path.parent / values["image"]))]
    else:
        inputs = [np.array(row) for row in values.get("inputs", [vector["pixels"] for vector in golden["vectors"]])]
    run = Interpreter(str(path)).get_signature_runner("serving_default")
    outputs = [run(**feed(path, values, numbers))["probabilities"][0].astype(float) for numbers in inputs]
    # A file that reads all digits of an image has a row for each. The golden values are of the first; 0.1 without one.
    outputs = [(rows[0] if rows.any() else np.full(10, 0.1)) if rows.ndim == 2 else rows for rows in outputs]
    return float(np.abs(np.array(outputs) - values["outputs"]).max()), values["tolerance"]


def main(folder):
    """Prints one line per file."""
    folder = pathlib.Path(folder)
    golden = json.loads((folder / "golden.json").read_text())
    differs = False
    for path in sorted(folder.glob("*.tflite")):
        difference, tolerance = check(path, golden)
        differs |= difference > tolerance
        verdict = "differs" if difference > tolerance else "ok"
        print(f"{path.name:<24} {verdict:<8} difference {difference:.2g}, tolerance {tolerance:g}")
    return int(differs)


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))
