"""A folder in MNIST's format: four IDX files, plain or gzipped, or one npz."""

import pathlib
import zipfile
import zlib
from typing import Any

import numpy as np

from mnist_keras.digits.arrays import Digits
from mnist_keras.digits.idx import read_idx
from mnist_keras.errors import InputError

# The official names; some copies write a dot for the second hyphen.
_IDX_FILES = {
    "train_images": "train-images-idx3-ubyte",
    "train_labels": "train-labels-idx1-ubyte",
    "test_images": "t10k-images-idx3-ubyte",
    "test_labels": "t10k-labels-idx1-ubyte",
}
# As in the mnist.npz that Keras distributes.
_NPZ_ARRAYS = {"train_images": "x_train", "train_labels": "y_train", "test_images": "x_test", "test_labels": "y_test"}


def read_folder(folder: pathlib.Path, name: str) -> Digits:
    """Reads a training and a test set; IDX files go before an npz. An npz may be given in its folder's place.

    Raises:
        InputError: nothing is there, a part is missing, or a file is damaged.
    """
    if folder.suffix == ".npz" and folder.is_file():
        return read_npz(folder, name)
    if not folder.is_dir():
        raise InputError(f"There is no such folder: {folder}. Give one with --data_dir or MNIST_KERAS_DATA_DIR.")
    found = {part: _find_idx(folder, file) for part, file in _IDX_FILES.items()}
    there = {part: path for part, path in found.items() if path is not None}
    missing = [file for part, file in _IDX_FILES.items() if part not in there]
    npz = list(folder.glob("*.npz"))
    if not missing:
        arrays = {part: read_idx(path, axes=3 if "images" in part else 1) for part, path in there.items()}
        return Digits(name=name, **arrays)
    if len(npz) == 1:
        return read_npz(npz[0], name)
    received = ", ".join(sorted(path.name for path in folder.iterdir())[:8]) or "an empty folder"
    raise InputError(
        f"{folder} must hold {', '.join(_IDX_FILES.values())} (plain or .gz), or one .npz with "
        f"{', '.join(_NPZ_ARRAYS.values())}. Missing: {', '.join(missing)}. Received: {received}."
    )


def _find_idx(folder: pathlib.Path, name: str) -> pathlib.Path | None:
    for spelling in (name, name.replace("-idx", ".idx")):
        for ending in ("", ".gz"):
            path = folder / (spelling + ending)
            if path.is_file():
                return path
    return None


def read_npz(path: pathlib.Path, name: str) -> Digits:
    """Reads a training and a test set from one npz, as `npz_arrays` names them.

    Raises:
        InputError: the file is not there, damaged, or lacks an array.
    """
    try:
        # allow_pickle=False: a pickle in a data file could run code.
        with np.load(path, allow_pickle=False) as archive:
            missing = [array for array in _NPZ_ARRAYS.values() if array not in archive]
            if missing:
                raise InputError(
                    f"{path} must hold the arrays {', '.join(_NPZ_ARRAYS.values())}. Missing: {', '.join(missing)}. "
                    f"Received: {', '.join(archive.files) or 'none'}."
                )
            arrays = {part: archive[array] for part, array in _NPZ_ARRAYS.items()}
    except InputError:
        raise
    except (OSError, EOFError, MemoryError, ValueError, zipfile.BadZipFile, zlib.error) as error:
        raise InputError(f"{path} cannot be read as an npz file of plain arrays: {error}") from error
    return Digits(name=name, **arrays)


def npz_arrays(digits: Digits) -> dict[str, Any]:
    """The four arrays by their names in an npz."""
    return {array: getattr(digits, part) for part, array in _NPZ_ARRAYS.items()}
