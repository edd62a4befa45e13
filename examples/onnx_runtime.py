"""Predicts the digit on image files with onnxruntime. Pillow opens the files.

    pip install onnxruntime pillow
    python examples/onnx_runtime.py exported/cnn_augmented/mnist_picture.onnx photo.jpg ...

Images may have any size, dark ink on light or light on dark. EXIF orientation is applied.
"""

import pathlib
import sys

import numpy as np
import onnxruntime
from PIL import Image, ImageOps

MAX_PIXELS = 50_000_000


def read_gray(path: str) -> np.ndarray:
    """Returns the gray values of an image file, uint8 (height, width)."""
    with Image.open(path, formats=("PNG", "JPEG", "BMP", "GIF", "WEBP", "TIFF")) as picture:
        # The header tells the size before any pixel is decoded.
        if picture.width * picture.height > MAX_PIXELS:
            raise ValueError(f"{picture.width}x{picture.height} pixels are too many. Maximum: {MAX_PIXELS:,} pixels")
        return np.asarray(ImageOps.exif_transpose(picture).convert("L"))


def read_names(model: str) -> list[str] | None:
    """Returns the class names in `labels.txt` beside the model; None without that file."""
    labels = pathlib.Path(model).absolute().with_name("labels.txt")
    return labels.read_text(encoding="utf-8").rstrip("\n").split("\n") if labels.is_file() else None


def main(model: str, *files: str) -> int:
    """Prints one line per image and returns the number of unreadable images."""
    session = onnxruntime.InferenceSession(model, providers=["CPUExecutionProvider"])
    names = read_names(model)
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
        print(
            f"{file}: {names[digit] if names else digit} ({probabilities.max():.1%})"
            if has_ink[0]
            else f"{file}: no ink"
        )
    return failures


if __name__ == "__main__":
    if len(sys.argv) < 3:
        sys.exit(__doc__)
    sys.exit(1 if main(*sys.argv[1:]) else 0)
