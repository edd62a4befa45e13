"""Reads pictures of one digit each, with LiteRT and numpy: what fits on a small machine. No TensorFlow.

    pip install ai-edge-litert numpy
    python examples/litert_numpy.py exported/cnn_augmented/mnist_picture.tflite photo.pgm ...

Takes PGM files, the plainest kind of grey picture (`magick photo.jpg photo.pgm` makes one of any other), of any
size, dark ink on light or light on dark. An app that has its pixels in memory needs `read_digit` alone.
"""

import pathlib
import re
import sys

import numpy as np
from ai_edge_litert.interpreter import Interpreter


def read_digit(interpreter: Interpreter, picture: np.ndarray) -> tuple[int | None, float]:
    """The digit on a grey picture, uint8 (height, width), and its probability; None where there is no ink."""
    answer = interpreter.get_signature_runner("serving_default")(picture=picture[np.newaxis])
    if not answer["has_ink"][0]:
        return None, 1.0
    probabilities = answer["probabilities"][0]
    return int(probabilities.argmax()), float(probabilities.max())


def read_pgm(path: str) -> np.ndarray:
    """The grey values of a binary PGM file of 8 bits, uint8 (height, width)."""
    content = pathlib.Path(path).read_bytes()
    header = re.match(rb"P5(?:\s+#[^\n]*)*\s+(\d+)\s+(\d+)\s+(\d+)\s", content)
    if not header:
        raise ValueError("no binary PGM file: it must begin with P5, width, height, largest value")
    width, height, largest = map(int, header.groups())
    if largest > 255 or width * height != len(content) - header.end() or not width * height:
        raise ValueError(f"a PGM file of {width}x{height} pixels of 8 bits must hold as many bytes")
    return np.frombuffer(content, np.uint8, offset=header.end()).reshape(height, width)


def main(model: str, *files: str) -> int:
    """Prints a line a picture; returns the number of those that could not be read."""
    interpreter = Interpreter(model)
    failures = 0
    for file in files:
        try:
            digit, probability = read_digit(interpreter, read_pgm(file))
        except (OSError, ValueError) as error:
            print(f"{file}: cannot be read: {error}", file=sys.stderr)
            failures += 1
            continue
        print(f"{file}: no ink" if digit is None else f"{file}: {digit} ({probability:.1%})")
    return failures


if __name__ == "__main__":
    if len(sys.argv) < 3:
        sys.exit(__doc__)
    sys.exit(1 if main(*sys.argv[1:]) else 0)
