"""Small JSON files that people read too."""

import csv
import hashlib
import json
import os
import pathlib
from collections.abc import Iterable
from typing import Any

import numpy as np

from mnist_keras.atomic import atomic_file


def write_json(path: str | os.PathLike, content: Any, indent: int | None = 2) -> None:
    """Writes JSON, whole or not at all."""
    with atomic_file(pathlib.Path(path)) as file:
        file.write((json.dumps(content, indent=indent) + "\n").encode())


def read_json(path: str | os.PathLike) -> Any:
    """Raises OSError or ValueError where the file cannot be read."""
    return json.loads(pathlib.Path(path).read_text(encoding="utf-8"))


def sha256(path: pathlib.Path) -> str:
    """SHA-256 of a file; of a folder, over the lines that `sha256sum` prints of its files, sorted by name."""
    if path.is_file():
        return hashlib.sha256(path.read_bytes()).hexdigest()
    files = sorted(file.relative_to(path).as_posix() for file in path.rglob("*") if file.is_file())
    lines = "".join(f"{sha256(path / name)}  {name}\n" for name in files)
    return hashlib.sha256(lines.encode()).hexdigest()


def hash_arrays(arrays: Iterable[np.ndarray]) -> "hashlib._Hash":
    """SHA-256 over shapes, types and contents, not yet closed."""
    digest = hashlib.sha256()
    for array in arrays:
        digest.update(f"{array.dtype.str}{array.shape}".encode())
        digest.update(array.tobytes())
    return digest


_PACKAGE = pathlib.Path(__file__).parent


def project_folder(folder: str) -> pathlib.Path:
    """The folder of that name in the project: `exported`, `scripts` or `examples/phone`."""
    inside = _PACKAGE / folder
    return inside if inside.is_dir() else _PACKAGE.parent / folder


Rows = list[dict[str, Any]]


def write_rows(path: pathlib.Path, rows: Rows) -> None:
    """Writes rows as CSV, headed by the keys of the first."""
    with path.open("w", newline="") as file:
        writer = csv.DictWriter(file, fieldnames=list(rows[0]))
        writer.writeheader()
        writer.writerows(rows)


def read_rows(path: pathlib.Path) -> Rows:
    """Reads what `write_rows` wrote; all values as float."""
    with path.open(newline="") as file:
        return [{key: float(value) for key, value in row.items()} for row in csv.DictReader(file)]
