"""One number that tells whether a file or a folder is the one it was."""

import hashlib
import pathlib


def sha256_of(path: pathlib.Path) -> str:
    """SHA-256 of a file; of a folder, over the lines that `sha256sum` prints of its files, sorted by name."""
    if path.is_file():
        return hashlib.sha256(path.read_bytes()).hexdigest()
    files = sorted(file.relative_to(path).as_posix() for file in path.rglob("*") if file.is_file())
    lines = "".join(f"{sha256_of(path / name)}  {name}\n" for name in files)
    return hashlib.sha256(lines.encode()).hexdigest()
