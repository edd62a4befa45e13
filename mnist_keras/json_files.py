"""Small JSON files that people read too."""

import json
import os
import pathlib
from typing import Any


def write_json(path: str | os.PathLike, content: Any) -> None:
    """Writes indented JSON."""
    pathlib.Path(path).write_text(json.dumps(content, indent=2) + "\n")


def read_json(path: str | os.PathLike) -> Any:
    """Raises OSError or ValueError where the file cannot be read."""
    return json.loads(pathlib.Path(path).read_text())
