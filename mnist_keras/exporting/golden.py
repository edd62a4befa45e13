"""A few digits with all that happens to them, to test a port in another language against."""

import pathlib

import numpy as np
from PIL import Image

from mnist_keras.digits import Digits
from mnist_keras.json_files import write_json

GOLDEN_FILE = "golden.json"


def write_golden(folder: pathlib.Path, digits: Digits, probabilities: np.ndarray) -> None:
    """Writes `golden.json` and `golden.png`: the first test image of every digit.

    golden.json holds for each digit its label, the 784 `pixels` that the float formats take, row by row, in
    0..1, and the ten `probabilities` of the live model. golden.png shows them side by side, each 28x28, in
    the same order.

    Args:
        folder: of the export.
        digits: whose test images.
        probabilities: of the live model on all of them, float32 (examples, 10).
    """
    first = [int(np.flatnonzero(digits.test_labels == digit)[0]) for digit in range(10) if digit in digits.test_labels]
    vectors = [
        {
            "label": int(digits.test_labels[index]),
            # Enough to tell all 256 values apart, and exact to half a millionth.
            "pixels": [round(pixel / 255, 6) for pixel in digits.test_images[index].ravel().tolist()],
            "probabilities": [round(float(value), 7) for value in probabilities[index]],
        }
        for index in first
    ]
    write_json(folder / GOLDEN_FILE, {"input": [1, 28, 28, 1], "vectors": vectors}, indent=None)
    Image.fromarray(np.hstack(list(digits.test_images[first]))).save(folder / "golden.png")
