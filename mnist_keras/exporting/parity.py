"""Does an exported file answer like the model it was made from?"""

import dataclasses
import pathlib

import numpy as np

from mnist_keras.errors import InputError
from mnist_keras.prediction import load_predictor

# Largest difference between probabilities that float32 arithmetic in another order explains.
FLOAT32_BOUND = 1e-5


@dataclasses.dataclass(frozen=True)
class Parity:
    """A file compared with the live model on the same images."""

    examples: int
    # Images on which both name the same digit.
    classes_agreeing: int
    # Over all images and digits.
    largest_difference: float


def compare(path: pathlib.Path, images: np.ndarray, expected: np.ndarray) -> Parity:
    """Reads an exported file back and compares its answers.

    Args:
        path: a file that `load_predictor` takes.
        images: uint8 (examples, 28, 28).
        expected: the live model's probabilities, float32 (examples, 10).

    Raises:
        InputError: the largest difference is above FLOAT32_BOUND.
    """
    received = load_predictor(path).predict(images)
    agreeing = int((received.argmax(axis=1) == expected.argmax(axis=1)).sum())
    difference = float(np.abs(received - expected).max())
    # Written so that NaN fails too.
    if not difference <= FLOAT32_BOUND:
        raise InputError(
            f"The exported file {path.name} does not answer like the model: probabilities differ by "
            f"{difference:.2g}, expected at most {FLOAT32_BOUND:g}; {agreeing} of {len(images)} classes agree. "
            "Nothing was exported."
        )
    return Parity(len(images), agreeing, difference)
