"""Reads pictures of one digit each, with onnxruntime; Pillow opens the files.

    pip install onnxruntime pillow
    python examples/onnx_runtime.py exported/cnn_augmented/mnist_picture.onnx photo.jpg ...

Of any size, dark ink on light or light on dark; turned upright if the camera noted how it was held.
"""

import sys

import numpy as np
import onnxruntime
from PIL import Image, ImageOps

MOST_PIXELS = 50_000_000


def read_gray(path: str) -> np.ndarray:
    """Grey values of a picture file, uint8 (height, width)."""
    with Image.open(path, formats=("PNG", "JPEG", "BMP", "GIF", "WEBP", "TIFF")) as picture:
        # The header says so before anything is decoded.
        if picture.width * picture.height > MOST_PIXELS:
            raise ValueError(f"{picture.width}x{picture.height} pixels are too many; scale it down first")
        return np.asarray(ImageOps.exif_transpose(picture).convert("L"))


def main(model: str, *files: str) -> int:
    """Prints a line a picture; returns the number of those that could not be read."""
    session = onnxruntime.InferenceSession(model, providers=["CPUExecutionProvider"])
    failures = 0
    for file in files:
        try:
            picture = read_gray(file)
        except (OSError, ValueError, SyntaxError, Image.DecompressionBombError) as error:
            print(f"{file}: cannot be read: {error}", file=sys.stderr)
            failures += 1
            continue
        probabilities, has_ink = session.run(["probabilities", "has_ink"], {"picture": picture[np.newaxis]})
        digit = int(probabilities.argmax())
        print(f"{file}: {digit} ({probabilities.max():.1%})" if has_ink[0] else f"{file}: no ink")
    return failures


if __name__ == "__main__":
    if len(sys.argv) < 3:
        sys.exit(__doc__)
    sys.exit(1 if main(*sys.argv[1:]) else 0)
