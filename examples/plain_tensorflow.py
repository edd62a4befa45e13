"""Predicts the digit on image files with TensorFlow only.

    pip install tensorflow
    python examples/plain_tensorflow.py exported/cnn_augmented/saved_model photo.png ...

Images are PNG, JPEG, BMP or WebP files of any size, dark ink on light or light on dark.
"""

import pathlib
import re
import sys

import tensorflow as tf


def read_names(model: str) -> list[str] | None:
    """Returns the class names in `labels.txt` beside the model; None without that file."""
    labels = pathlib.Path(model).absolute().with_name("labels.txt")
    return labels.read_text(encoding="utf-8").rstrip("\n").split("\n") if labels.is_file() else None


def main(model: str, *files: str) -> int:
    """Prints one line per image and returns the number of unreadable images."""
    encoded = tf.saved_model.load(model).signatures["encoded"]
    names = read_names(model)
    failures = 0
    for file in files:
        try:
            outputs = encoded(files=tf.constant([pathlib.Path(file).read_bytes()]))
        except (OSError, tf.errors.InvalidArgumentError) as error:
            print(f"{file}: cannot be read: {reason(error)}", file=sys.stderr)
            failures += 1
            continue
        digit = int(outputs["classes"][0])
        name = names[digit] if names else digit
        print(f"{file}: no ink" if digit < 0 else f"{file}: {name} ({outputs['probabilities'][0, digit]:.1%})")
    return failures


def reason(error: Exception) -> str:
    """Returns the sentence in TensorFlow's message, which has names of graph nodes before and after it."""
    return re.sub(r"\{\{.*?\}\}|assertion failed:|[\[\]]", "", str(error).splitlines()[0]).strip()


if __name__ == "__main__":
    if len(sys.argv) < 3:
        sys.exit(__doc__)
    sys.exit(1 if main(*sys.argv[1:]) else 0)
