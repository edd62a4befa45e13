"""One number that tells whether a file, a folder or some weights are the ones they were."""

import hashlib
import pathlib
from collections.abc import Iterable

import numpy as np


def sha256_of(path: pathlib.Path) -> str:
    """SHA-256 of a file; of a folder, over the lines that `sha256sum` prints of its files, sorted by name."""
    if path.is_file():
        return hashlib.sha256(path.read_bytes()).hexdigest()
    files = sorted(file.relative_to(path).as_posix() for file in path.rglob("*") if file.is_file())
    lines = "".join(f"{sha256_of(path / name)}  {name}\n" for name in files)
    return hashlib.sha256(lines.encode()).hexdigest()


def hash_arrays(arrays: Iterable[np.ndarray]) -> "hashlib._Hash":
    """SHA-256 over shapes, types and contents, not yet closed."""
    digest = hashlib.sha256()
    for array in arrays:
        digest.update(f"{array.dtype.str}{array.shape}".encode())
        digest.update(array.tobytes())
    return digest
