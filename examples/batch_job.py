"""Predicts the digits on a folder of images, one digit each, and writes a CSV file: a tf.data job for many files.

    pip install tensorflow
    python examples/batch_job.py exported/cnn_augmented/saved_model images/ digits.csv

Writes one row per file: path, digit (of other classes, the name), probability, note. An unreadable file gets a note;
the others are still predicted.
"""

import csv
import os
import pathlib
import re
import sys

import tensorflow as tf

SUFFIXES = {".png", ".jpg", ".jpeg", ".bmp", ".webp"}
BATCH_SIZE = 64


def main(model: str, folder: str, output: str) -> int:
    """Writes the CSV file and returns the number of unreadable images."""
    paths = sorted(str(path) for path in pathlib.Path(folder).rglob("*") if path.suffix.lower() in SUFFIXES)
    if not paths:
        sys.exit(f"{folder} contains no images. Expected: files ending in {', '.join(sorted(SUFFIXES))}.")
    loaded = tf.saved_model.load(model)
    names = read_names(model)
    files = (
        tf.data.Dataset.from_tensor_slices(paths)
        .map(lambda path: (path, tf.io.read_file(path)), num_parallel_calls=4)
        # Skips files that were deleted or cannot be opened.
        .ignore_errors()
        .batch(BATCH_SIZE)
        .prefetch(1)
    )
    rows = {path: (path, "", "", "could not be opened") for path in paths}
    done = 0
    for batch_paths, contents in files:
        predictions = predict(loaded.signatures["encoded"], contents, names)
        for batch_path, prediction in zip(batch_paths.numpy(), predictions, strict=True):
            rows[batch_path.decode()] = (batch_path.decode(), *prediction)
        done += len(batch_paths)
        print(f"\r{done:,} of {len(paths):,}", end="", file=sys.stderr, flush=True)
    print(file=sys.stderr)
    with open(f"{output}.part", "w", newline="", encoding="utf-8") as file:
        csv.writer(file).writerows([("path", "digit", "probability", "note"), *rows.values()])
    os.replace(f"{output}.part", output)
    return sum(1 for row in rows.values() if not row[1] and row[3] != "no ink")


def read_names(model: str) -> list[str] | None:
    """Returns the class names in `labels.txt` beside the model; None without that file."""
    labels = pathlib.Path(model).absolute().with_name("labels.txt")
    return labels.read_text(encoding="utf-8").rstrip("\n").split("\n") if labels.is_file() else None


def reason(error: Exception) -> str:
    """Returns the sentence in TensorFlow's message, which has names of graph nodes before and after it."""
    return re.sub(r"\{\{.*?\}\}|assertion failed:|[\[\]]", "", str(error).splitlines()[0]).strip()


def predict(encoded, contents: tf.Tensor, names: list[str] | None) -> list[tuple[str, str, str]]:
    """Returns digit or name, probability and note per file.

    If a file is not an image, its batch is repeated file by file.
    """
    try:
        outputs = encoded(files=contents)
    except tf.errors.InvalidArgumentError as error:
        if len(contents) == 1:
            return [("", "", reason(error))]
        return [predict(encoded, contents[index : index + 1], names)[0] for index in range(len(contents))]
    classes, probabilities = outputs["classes"].numpy(), outputs["probabilities"].numpy()
    return [
        ("", "", "no ink") if digit < 0 else (names[digit] if names else str(digit), f"{row[digit]:.4f}", "")
        for digit, row in zip(classes, probabilities, strict=True)
    ]


if __name__ == "__main__":
    if len(sys.argv) != 4:
        sys.exit(__doc__)
    sys.exit(1 if main(*sys.argv[1:]) else 0)
