"""Small JSON files that people read too."""

import json
import os
import pathlib
from typing import Any

from mnist_keras.folders import file_written_whole


def write_json(path: str | os.PathLike, content: Any, indent: int | None = 2) -> None:
    """Writes JSON, whole or not at all."""
    with file_written_whole(pathlib.Path(path)) as file:
        file.write((json.dumps(content, indent=indent) + "\n").encode())


def read_json(path: str | os.PathLike) -> Any:
    """Raises OSError or ValueError where the file cannot be read."""
    return json.loads(pathlib.Path(path).read_text(encoding="utf-8"))
