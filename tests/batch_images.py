"""Images of batch jobs, and the rows that a job writes; a predictor that crashes."""

import io
import os
import pathlib
import signal

import numpy as np
from PIL import Image, ImageDraw

from mnist_keras.data.digits import DIGIT_NAMES


def png(number):
    """The bytes of a page with one stroke, or with two side by side, at another place for each number."""
    page = Image.new("L", (40, 40), 240)
    for side in range(1 + number % 2):
        left = 6 + number % 5 + 18 * side
        ImageDraw.Draw(page).line([(left, 8), (left + number % 3, 32)], fill=20, width=3)
    buffer = io.BytesIO()
    page.save(buffer, "PNG")
    return buffer.getvalue()


def rows_of(output):
    """The rows of all part files, in the order of the parts."""
    import pyarrow.parquet

    parts = sorted(pathlib.Path(output).glob("*.parquet"))
    return [row for part in parts for row in pyarrow.parquet.read_table(part).to_pylist()]


class DeadlyPredictor:
    """Ends its process when it predicts a round digit. Second processes cannot import it from a test file."""

    class_names = DIGIT_NAMES

    def __init__(self):
        self._test = os.getpid()

    def predict(self, digits):
        if digits.any(axis=(0, 1)).sum() > 15 and digits.any(axis=(0, 2)).sum() > 15:
            if os.getpid() == self._test:
                raise AssertionError("the deadly image was predicted in the process of the test")
            os.kill(os.getpid(), signal.SIGKILL)
        return np.full((len(digits), 10), 0.1, np.float32)
