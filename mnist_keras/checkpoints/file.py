"""One checkpoint as one file: written whole and flushed to disk, and known as damaged when it is."""

import json
import pathlib
from collections.abc import Mapping
from typing import Any

import numpy as np

from mnist_keras.folders import file_written_whole

Arrays = dict[str, np.ndarray]

_FACTS = "facts"


def write_checkpoint(path: pathlib.Path, arrays: Mapping[str, np.ndarray], facts: Any) -> None:
    """Writes arrays and JSON-like facts to an uncompressed npz.

    A kill at any moment leaves either no file of that name or a complete one on disk.
    """
    content: dict[str, Any] = {**arrays, _FACTS: np.array(json.dumps(facts))}
    with file_written_whole(path) as file:
        np.savez(file, **content)


def read_checkpoint(path: pathlib.Path) -> tuple[Arrays, Any]:
    """Arrays and facts, as written. Nothing is unpickled.

    Raises:
        ValueError: the file is damaged, or no checkpoint; every byte of it is under a checksum.
    """
    try:
        with np.load(path, allow_pickle=False) as file:
            arrays = {name: file[name] for name in file.files}
        return arrays, json.loads(str(arrays.pop(_FACTS)))
    # A damaged archive fails in a dozen ways, down to asking for a password.
    except Exception as error:
        raise ValueError(f"{path} is damaged, or no checkpoint ({error})") from error
