"""Reads and writes datasets as IDX and npz files.

IDX is the format of the MNIST archives: a header with big-endian sizes, then the bytes of an array
(http://yann.lecun.com/exdb/mnist/).
"""

import gzip
import math
import pathlib
import zipfile
import zlib
from typing import Any

import numpy as np

from mnist_keras.data.digits import Digits
from mnist_keras.errors import InputError
from mnist_keras.files import check_regular_file

# A larger array must be an IDX file that is not gzipped, which is memory-mapped.
_MAX_BYTES_IN_MEMORY = 1 << 30
# Two zero bytes and 8 for unsigned bytes. The fourth byte of a file is the number of axes.
_MAGIC = b"\x00\x00\x08"
# Names of the MNIST archives. Some copies have a dot in place of the second hyphen.
_IDX_FILES = {
    "train_images": "train-images-idx3-ubyte",
    "train_labels": "train-labels-idx1-ubyte",
    "test_images": "t10k-images-idx3-ubyte",
    "test_labels": "t10k-labels-idx1-ubyte",
}
# Names of the arrays in the mnist.npz of Keras.
_NPZ_ARRAYS = {"train_images": "x_train", "train_labels": "y_train", "test_images": "x_test", "test_labels": "y_test"}


def read_folder(folder: pathlib.Path, name: str) -> Digits:
    """Reads a training set and a test set from the four IDX files of a folder, or otherwise from its one npz file.

    Args:
        folder: a folder, or an npz file.
        name: the name of the returned dataset.

    Raises:
        InputError: the folder does not exist, files are missing, or a file is damaged.
    """
    if folder.suffix == ".npz" and folder.is_file():
        return read_npz(folder, name)
    if not folder.is_dir():
        problem = f"{folder} is no folder and no npz file" if folder.exists() else f"There is no such folder: {folder}"
        raise InputError(
            f"{problem}. Expected: a folder of the four IDX files, or an npz file. "
            "Pass one by --data_dir or MNIST_KERAS_DATA_DIR."
        )
    candidates = {part: _find_idx(folder, file) for part, file in _IDX_FILES.items()}
    found = {part: path for part, path in candidates.items() if path is not None}
    missing = [file for part, file in _IDX_FILES.items() if part not in found]
    if not missing:
        arrays = {part: read_idx(path, axes=3 if "images" in part else 1) for part, path in found.items()}
        return Digits(name=name, **arrays)
    npz = list(folder.glob("*.npz"))
    if len(npz) == 1:
        return read_npz(npz[0], name)
    received = ", ".join(sorted(path.name for path in folder.iterdir())[:8]) or "an empty folder"
    raise InputError(
        f"{folder} must hold {', '.join(_IDX_FILES.values())} (plain or .gz), or one .npz with "
        f"{', '.join(_NPZ_ARRAYS.values())}. Missing: {', '.join(missing)}. Received: {received}. "
        "Add the missing files or pass another folder."
    )


def _find_idx(folder: pathlib.Path, name: str) -> pathlib.Path | None:
    for spelling in (name, name.replace("-idx", ".idx")):
        for ending in ("", ".gz"):
            path = folder / (spelling + ending)
            if path.is_file():
                return path
    return None


def read_npz(path: pathlib.Path, name: str) -> Digits:
    """Reads a training set and a test set from one npz file with the arrays x_train, y_train, x_test and y_test.

    Raises:
        InputError: the file does not exist, is damaged, or lacks an array.
    """
    check_regular_file(path)
    try:
        with zipfile.ZipFile(path) as archive:
            members = {name.removesuffix(".npy"): name for name in archive.namelist()}
            missing = [array for array in _NPZ_ARRAYS.values() if array not in members]
            if missing:
                raise InputError(
                    f"{path} must hold the arrays {', '.join(_NPZ_ARRAYS.values())}. Missing: {', '.join(missing)}. "
                    f"Received: {', '.join(members)[:200] or 'none'}. Save all four arrays into the file."
                )
            arrays = {part: _read_member(archive, members[array]) for part, array in _NPZ_ARRAYS.items()}
    except InputError:
        raise
    except Exception as error:  # Headers are Python literals: whatever their parser raises.
        raise InputError(
            f"{path} cannot be read as an npz file of plain arrays: {error or type(error).__name__}. "
            "Save it again by numpy.savez."
        ) from error
    return Digits(name=name, **arrays)


def _read_member(archive: zipfile.ZipFile, name: str) -> np.ndarray:
    """Reads an array of numbers. Its size is compared with its header before it is decompressed."""
    member = archive.getinfo(name)
    with archive.open(member) as file:
        version = np.lib.format.read_magic(file)
        headers = {(1, 0): np.lib.format.read_array_header_1_0, (2, 0): np.lib.format.read_array_header_2_0}
        if version not in headers:
            raise ValueError(f"{name} has version {version} of the npy format")
        shape, is_fortran, dtype = headers[version](file)
        # Objects are pickles, which could run code.
        if dtype.kind not in "biuf":
            raise ValueError(f"{name} holds {dtype}, not numbers")
        size = dtype.itemsize * math.prod(shape)
        _check_size(f"{archive.filename}: {name}", size)
        if min(shape, default=0) < 0 or size != member.file_size - file.tell():
            raise ValueError(f"{name} has {member.file_size} bytes, and its header says {shape} of {dtype}")
        array = np.frombuffer(file.read(), dtype)
    return array.reshape(shape, order="F" if is_fortran else "C")


def _check_size(name: str, size: int) -> None:
    if size > _MAX_BYTES_IN_MEMORY:
        raise InputError(
            f"{name} has {size:,} bytes after it is decompressed. Expected: at most {_MAX_BYTES_IN_MEMORY:,}. "
            "Save it as an IDX file that is not gzipped, which is read from disk."
        )


def npz_arrays(digits: Digits) -> dict[str, Any]:
    """Returns the four arrays of a dataset by their names in an npz file, for `numpy.savez`."""
    return {array: getattr(digits, part) for part, array in _NPZ_ARRAYS.items()}


def read_idx(path: pathlib.Path, axes: int) -> np.ndarray:
    """Reads an IDX file of unsigned bytes, plain or gzipped.

    Args:
        path: the file; gzip is recognized by its content.
        axes: number of axes, 3 for images, 1 for labels.

    Returns:
        uint8 array; an `np.memmap` if a plain file is larger than 1 GiB.

    Raises:
        InputError: the file is not an IDX file with this number of axes, or it is truncated or corrupt.
    """
    check_regular_file(path)
    header = 4 + 4 * axes
    with path.open("rb") as plain:
        is_gzip = plain.read(2) == b"\x1f\x8b"
        plain.seek(0)
        try:
            file = gzip.GzipFile(fileobj=plain) if is_gzip else plain
            shape = _idx_shape(path, file.read(header), axes)
            expected = header + math.prod(shape)
            if is_gzip:
                _check_size(str(path), expected)
            elif path.stat().st_size == expected > _MAX_BYTES_IN_MEMORY:
                return np.memmap(path, np.uint8, "r", offset=header, shape=shape)
            # The rest of a longer file is not read. At its end, gzip compares checksums.
            content = file.read(min(expected, _MAX_BYTES_IN_MEMORY) - header + 1)
        except (EOFError, gzip.BadGzipFile, zlib.error) as error:
            raise InputError(f"{path} is a damaged gzip file: {error}. Download it again.") from error
        received = header + len(content) if is_gzip else path.stat().st_size
    if received != expected:
        raise InputError(
            f"{path} is {'truncated' if received < expected else 'too long'}. Expected: {expected} bytes for the "
            f"shape {shape} in its header. Received: {received} bytes{' or more' if is_gzip else ''}. "
            "Download it again."
        )
    return np.frombuffer(content, np.uint8).reshape(shape)


def _idx_shape(path: pathlib.Path, start: bytes, axes: int) -> tuple[int, ...]:
    if start[:3] != _MAGIC:
        raise InputError(
            f"{path} is not an IDX file of unsigned bytes. Expected: its first bytes are 00 00 08. "
            f"Received: {start[:3].hex(' ') or 'an empty file'}. Download it again."
        )
    received = start[3] if len(start) > 3 else 0
    if received != axes:
        kinds = {1: "labels", 3: "images"}
        raise InputError(
            f"{path} must hold {kinds.get(axes, 'an array')}: {axes} axes. Received: {received} axes "
            f"({kinds.get(received, 'neither images nor labels')}). Check whether two files are swapped."
        )
    if len(start) < 4 + 4 * axes:
        raise InputError(f"{path} is truncated: its header ends after {len(start)} bytes. Download it again.")
    return tuple(int.from_bytes(start[4 + 4 * axis : 8 + 4 * axis], "big") for axis in range(axes))


def write_idx(path: pathlib.Path, array: np.ndarray) -> None:
    """Writes an array as an IDX file of unsigned bytes, gzipped if the name ends in .gz."""
    content = _MAGIC + bytes([array.ndim]) + np.array(array.shape, ">u4").tobytes() + array.astype(np.uint8).tobytes()
    path.write_bytes(gzip.compress(content, mtime=0) if path.suffix == ".gz" else content)
