"""Reads and writes arrays as IDX and npz files.

IDX is the format of the MNIST archives: a header with big-endian sizes, then the bytes of an array
(http://yann.lecun.com/exdb/mnist/).
"""

import contextlib
import gzip
import math
import pathlib
import zipfile
import zlib
from collections.abc import Iterable, Iterator
from typing import Any

import numpy as np

from mnist_keras.data.digits import Digits
from mnist_keras.errors import InputError
from mnist_keras.files import check_regular_file

# A larger array must be an IDX file that is not gzipped, which is memory-mapped.
_MAX_BYTES_IN_MEMORY = 1 << 30
# The third byte of a file is the type of its numbers, the fourth one the number of axes.
_TYPES: dict[str, tuple[bytes, np.dtype]] = {
    "unsigned bytes": (b"\x00\x00\x08", np.dtype(np.uint8)),
    "32-bit integers": (b"\x00\x00\x0c", np.dtype(">i4")),
}
# Names of the arrays in the mnist.npz of Keras.
NPZ_ARRAYS = {"train_images": "x_train", "train_labels": "y_train", "test_images": "x_test", "test_labels": "y_test"}


def npz_keys(path: pathlib.Path) -> list[str]:
    """Returns the names of the arrays in an npz file. Raises InputError if it does not exist or is damaged."""
    with _open_npz(path) as archive:
        return [name.removesuffix(".npy") for name in archive.namelist()]


def read_arrays(path: pathlib.Path, keys: Iterable[str], text: bool = False) -> dict[str, np.ndarray]:
    """Reads arrays of numbers, or of text, from an npz file. Nothing is unpickled.

    Raises:
        InputError: the file does not exist or is damaged, or an array has another type or is larger than 1 GiB.
    """
    with _open_npz(path) as archive:
        members = {name.removesuffix(".npy"): name for name in archive.namelist()}
        return {key: _read_member(archive, members[key], "U" if text else "biuf") for key in keys}


@contextlib.contextmanager
def _open_npz(path: pathlib.Path) -> Iterator[zipfile.ZipFile]:
    check_regular_file(path)
    try:
        with zipfile.ZipFile(path) as archive:
            yield archive
    except InputError:
        raise
    except Exception as error:  # Headers are Python literals: whatever their parser raises.
        raise InputError(
            f"{path} cannot be read as an npz file of plain arrays: {error or type(error).__name__}. "
            "Save it again by numpy.savez."
        ) from error


def _read_member(archive: zipfile.ZipFile, name: str, kinds: str) -> np.ndarray:
    """Reads an array of these kinds of dtypes. Its size is compared with its header before it is decompressed."""
    member = archive.getinfo(name)
    with archive.open(member) as file:
        version = np.lib.format.read_magic(file)
        headers = {(1, 0): np.lib.format.read_array_header_1_0, (2, 0): np.lib.format.read_array_header_2_0}
        if version not in headers:
            raise ValueError(f"{name} has version {version} of the npy format")
        shape, is_fortran, dtype = headers[version](file)
        # Objects are pickles, which could run code.
        if dtype.kind not in kinds:
            raise ValueError(f"{name} holds {dtype}, not {'text' if kinds == 'U' else 'numbers'}")
        size = dtype.itemsize * math.prod(shape)
        check_size(f"{archive.filename}: {name}", size)
        if min(shape, default=0) < 0 or size != member.file_size - file.tell():
            raise ValueError(f"{name} has {member.file_size} bytes, and its header says {shape} of {dtype}")
        array = np.frombuffer(file.read(), dtype)
    return array.reshape(shape, order="F" if is_fortran else "C")


def check_size(name: str, size: int) -> None:
    """Raises InputError if an array or a file takes more than 1 GiB of memory."""
    if size > _MAX_BYTES_IN_MEMORY:
        raise InputError(
            f"{name} has {size:,} bytes after it is decompressed. Expected: at most {_MAX_BYTES_IN_MEMORY:,}. "
            "Save it as an IDX file that is not gzipped, which is read from disk."
        )


def npz_arrays(digits: Digits) -> dict[str, Any]:
    """Returns the four arrays of a dataset by their names in an npz file, for `numpy.savez`."""
    return {array: getattr(digits, part) for part, array in NPZ_ARRAYS.items()}


def read_idx(path: pathlib.Path, axes: int, numbers: str = "unsigned bytes") -> np.ndarray:
    """Reads an IDX file, plain or gzipped.

    Args:
        path: the file; gzip is recognized by its content.
        axes: number of axes, 3 for images, 1 for labels.
        numbers: "unsigned bytes" or "32-bit integers".

    Returns:
        uint8 or big-endian int32 array; an `np.memmap` if a plain file is larger than 1 GiB.

    Raises:
        InputError: the file is not an IDX file with this number of axes, or it is truncated or corrupt.
    """
    check_regular_file(path)
    header = 4 + 4 * axes
    magic, dtype = _TYPES[numbers]
    with path.open("rb") as plain:
        is_gzip = plain.read(2) == b"\x1f\x8b"
        plain.seek(0)
        try:
            file = gzip.GzipFile(fileobj=plain) if is_gzip else plain
            start = file.read(header)
            if start[:3] != magic:
                raise InputError(
                    f"{path} is not an IDX file of {numbers}. Expected: its first bytes are {magic.hex(' ')}. "
                    f"Received: {start[:3].hex(' ') or 'an empty file'}. Download it again."
                )
            shape = _idx_shape(path, start, axes)
            expected = header + math.prod(shape) * dtype.itemsize
            if is_gzip:
                check_size(str(path), expected)
            elif path.stat().st_size == expected > _MAX_BYTES_IN_MEMORY:
                return np.memmap(path, dtype, "r", offset=header, shape=shape)
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
    return np.frombuffer(content, dtype).reshape(shape)


def _idx_shape(path: pathlib.Path, start: bytes, axes: int) -> tuple[int, ...]:
    received = start[3] if len(start) > 3 else 0
    if received != axes:
        kinds = {1: "labels", 2: "a table", 3: "images"}
        raise InputError(
            f"{path} must hold {kinds.get(axes, 'an array')}: {axes} axes. Received: {received} axes "
            f"({kinds.get(received, 'neither images nor labels')}). Check whether two files are swapped."
        )
    if len(start) < 4 + 4 * axes:
        raise InputError(f"{path} is truncated: its header ends after {len(start)} bytes. Download it again.")
    return tuple(int.from_bytes(start[4 + 4 * axis : 8 + 4 * axis], "big") for axis in range(axes))


def write_idx(path: pathlib.Path, array: np.ndarray) -> None:
    """Writes an array as an IDX file of unsigned bytes, gzipped if the name ends in .gz."""
    content = (
        _TYPES["unsigned bytes"][0]
        + bytes([array.ndim])
        + np.array(array.shape, ">u4").tobytes()
        + array.astype(np.uint8).tobytes()
    )
    path.write_bytes(gzip.compress(content, mtime=0) if path.suffix == ".gz" else content)
