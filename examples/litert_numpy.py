"""Predicts the digit on image files with LiteRT and numpy, for small machines. Needs no TensorFlow.

    pip install ai-edge-litert numpy
    python examples/litert_numpy.py exported/cnn_augmented/mnist_picture.tflite photo.pgm ...

Reads grayscale PGM files of any size, dark ink on light or light on dark; `magick photo.jpg photo.pgm` converts other
formats. An app with its pixels in memory needs only `predict_digit`.
"""

import pathlib
import re
import sys

import numpy as np
from ai_edge_litert.interpreter import Interpreter


def predict_digit(interpreter: Interpreter, picture: np.ndarray) -> tuple[int | None, float]:
    """Returns the digit on a grayscale image, uint8 (height, width), and its probability; None if there is no ink."""
    outputs = interpreter.get_signature_runner("serving_default")(picture=picture[np.newaxis])
    if not outputs["has_ink"][0]:
        return None, 1.0
    probabilities = outputs["probabilities"][0]
    return int(probabilities.argmax()), float(probabilities.max())


def read_pgm(path: str) -> np.ndarray:
    """Returns the gray values of a binary 8-bit PGM file, uint8 (height, width)."""
    content = pathlib.Path(path).read_bytes()
    header = re.match(rb"P5(?:\s+#[^\n]*)*\s+(\d+)\s+(\d+)\s+(\d+)\s", content)
    if not header:
        raise ValueError("not a binary PGM file: it must begin with P5, width, height, maximum value")
    width, height, maximum = map(int, header.groups())
    if maximum > 255 or width * height != len(content) - header.end() or not width * height:
        raise ValueError(f"an 8-bit PGM file of {width}x{height} pixels must contain one byte per pixel")
    return np.frombuffer(content, np.uint8, offset=header.end()).reshape(height, width)


def read_names(model: str) -> list[str] | None:
    """Returns the class names in `labels.txt` beside the model; None without that file."""
    labels = pathlib.Path(model).absolute().with_name("labels.txt")
    return labels.read_text(encoding="utf-8").rstrip("\n").split("\n") if labels.is_file() else None


def main(model: str, *files: str) -> int:
    """Prints one line per image and returns the number of unreadable images."""
    interpreter = Interpreter(model)
    names = read_names(model)
    failures = 0
    for file in files:
        try:
            digit, probability = predict_digit(interpreter, read_pgm(file))
        except (OSError, ValueError) as error:
            print(f"{file}: cannot be read: {error}", file=sys.stderr)
            failures += 1
            continue
        name = names[digit] if names and digit is not None else digit
        print(f"{file}: no ink" if digit is None else f"{file}: {name} ({probability:.1%})")
    return failures


if __name__ == "__main__":
    if len(sys.argv) < 3:
        sys.exit(__doc__)
    sys.exit(1 if main(*sys.argv[1:]) else 0)
