"""Reads a folder of pictures, one digit each, into a CSV file: a tf.data job for many files.

    pip install tensorflow
    python examples/batch_job.py exported/cnn_augmented/saved_model pictures/ digits.csv

One line a file: path, digit, probability, note. A file that cannot be read gets a note and keeps no other back.
"""

import csv
import os
import pathlib
import sys

import tensorflow as tf

KINDS = {".png", ".jpg", ".jpeg", ".bmp", ".webp"}
BATCH = 64


def main(model: str, folder: str, output: str) -> int:
    """Writes the file; returns the number of pictures that could not be read."""
    paths = sorted(str(path) for path in pathlib.Path(folder).rglob("*") if path.suffix.lower() in KINDS)
    if not paths:
        sys.exit(f"{folder} holds no pictures. Expected: files ending in {', '.join(sorted(KINDS))}.")
    loaded = tf.saved_model.load(model)
    files = (
        tf.data.Dataset.from_tensor_slices(paths)
        .map(lambda path: (path, tf.io.predict_file(path)), num_parallel_calls=4)
        # Files that went away, or that may not be opened.
        .ignore_errors()
        .batch(BATCH)
        .prefetch(1)
    )
    rows = {path: (path, "", "", "could not be opened") for path in paths}
    done = 0
    for names, contents in files:
        for name, answer in zip(names.numpy(), read(loaded.signatures["encoded"], contents), strict=True):
            rows[name.decode()] = (name.decode(), *answer)
        done += len(names)
        print(f"\r{done:,} of {len(paths):,}", end="", file=sys.stderr, flush=True)
    print(file=sys.stderr)
    with open(f"{output}.part", "w", newline="") as file:
        csv.writer(file).writerows([("path", "digit", "probability", "note"), *rows.values()])
    os.replace(f"{output}.part", output)
    return sum(1 for row in rows.values() if not row[1] and row[3] != "no ink")


def read(encoded, contents: tf.Tensor) -> list[tuple[str, str, str]]:
    """Digit, probability and note of every file; one that is no picture fails its batch, which is then taken apart."""
    try:
        answer = encoded(files=contents)
    except tf.errors.InvalidArgumentError as error:
        if len(contents) == 1:
            return [("", "", str(error).splitlines()[0])]
        return [read(encoded, contents[index : index + 1])[0] for index in range(len(contents))]
    classes, probabilities = answer["classes"].numpy(), answer["probabilities"].numpy()
    return [
        ("", "", "no ink") if digit < 0 else (str(digit), f"{row[digit]:.4f}", "")
        for digit, row in zip(classes, probabilities, strict=True)
    ]


if __name__ == "__main__":
    if len(sys.argv) != 4:
        sys.exit(__doc__)
    sys.exit(1 if main(*sys.argv[1:]) else 0)
