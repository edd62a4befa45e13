"""Reads and writes text, JSON and CSV; SHA-256 checksums; the project folders that a wheel contains."""

import csv
import hashlib
import io
import json
import os
import pathlib
from collections.abc import Iterable
from typing import Any

import numpy as np

from mnist_keras.atomic import atomic_file
from mnist_keras.errors import InputError

# File name of a run's model, and of that of an export.
MODEL_FILE = "model.keras"
# File or folder name of each format in an export. Other people's apps know these names.
FORMAT_FILES = {
    "saved_model": "saved_model",
    "float32": "mnist.tflite",
    "float16": "mnist_float16.tflite",
    "dynamic": "mnist_dynamic.tflite",
    "int8": "mnist_int8.tflite",
    "int8_io": "mnist_int8_io.tflite",
    "uint8_io": "mnist_uint8_io.tflite",
    "picture": "mnist_picture.tflite",
    "canvas": "mnist_canvas.tflite",
    "onnx": "mnist.onnx",
    "onnx_picture": "mnist_picture.onnx",
    "numbers": "mnist_numbers.tflite",
    "canvas_numbers": "mnist_canvas_numbers.tflite",
    "onnx_numbers": "mnist_numbers.onnx",
    "keras": MODEL_FILE,
    "mediapipe": "mnist_mediapipe.tflite",
    "c_array": "mnist_model.c",
}


def write_text(path: str | os.PathLike, text: str) -> None:
    """Writes a text file in UTF-8 atomically."""
    with atomic_file(pathlib.Path(path)) as file:
        file.write(text.encode())


def write_json(path: str | os.PathLike, content: Any, indent: int | None = 2) -> None:
    """Writes a JSON file atomically."""
    write_text(path, json.dumps(content, indent=indent) + "\n")


# Configs and cards have a few kilobytes, golden files 300.
_MAX_JSON_BYTES = 50_000_000


def read_json(path: str | os.PathLike) -> Any:
    """Reads a JSON file. Raises OSError if it cannot be opened, ValueError if it is not JSON of a usual size."""
    check_regular_file(path)
    with pathlib.Path(path).open("rb") as file:
        content = file.read(_MAX_JSON_BYTES + 1)
    if len(content) > _MAX_JSON_BYTES:
        raise ValueError(f"{path} has more than {_MAX_JSON_BYTES:,} bytes")
    try:
        return json.loads(content.decode())
    except RecursionError as error:
        raise ValueError(f"{path} is nested too deeply") from error


def check_regular_file(path: str | os.PathLike) -> None:
    """Raises InputError for a pipe, a device or a socket, whose reading may never end."""
    path = pathlib.Path(path)
    if path.exists() and not (path.is_file() or path.is_dir()):
        raise InputError(f"{path} is a pipe, a device or a socket. Expected: a regular file. Copy its content to one.")


def sha256(path: pathlib.Path) -> str:
    """Returns the SHA-256 of a file or folder, in hexadecimal.

    The hash of a folder is over the lines that `sha256sum` prints for its files, sorted by name.
    """
    if path.is_file():
        return hashlib.sha256(path.read_bytes()).hexdigest()
    files = sorted(file.relative_to(path).as_posix() for file in path.rglob("*") if file.is_file())
    lines = "".join(f"{sha256(path / name)}  {name}\n" for name in files)
    return hashlib.sha256(lines.encode()).hexdigest()


def hash_arrays(arrays: Iterable[np.ndarray]) -> "hashlib._Hash":
    """Returns a SHA-256 object over the dtypes, shapes and contents of the arrays. The caller may add to it."""
    digest = hashlib.sha256()
    for array in arrays:
        digest.update(f"{array.dtype.str}{array.shape}".encode())
        digest.update(array.tobytes())
    return digest


_PACKAGE = pathlib.Path(__file__).parent


def project_folder(folder: str) -> pathlib.Path:
    """Returns the path of `exported`, `scripts` or `examples/phone`: inside a wheel's package, beside it in a clone."""
    inside = _PACKAGE / folder
    return inside if inside.is_dir() else _PACKAGE.parent / folder


Rows = list[dict[str, Any]]


def write_rows(path: pathlib.Path, rows: Rows) -> None:
    """Writes rows as CSV atomically. The header has the keys of the first row."""
    text = io.StringIO(newline="")
    writer = csv.DictWriter(text, fieldnames=list(rows[0]))
    writer.writeheader()
    writer.writerows(rows)
    write_text(path, text.getvalue())


def read_rows(path: pathlib.Path) -> Rows:
    """Reads a CSV file of `write_rows`, every value as float."""
    with path.open(newline="") as file:
        return [{key: float(value) for key, value in row.items()} for row in csv.DictReader(file)]
