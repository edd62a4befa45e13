"""IDX files, the format of the MNIST archives: big-endian sizes, then bytes.

Source: the file format section of the MNIST page, http://yann.lecun.com/exdb/mnist/.
"""

import gzip
import pathlib
import zlib

import numpy as np

from mnist_keras.errors import InputError

# A larger file that is not gzipped stays on disk, and what is needed of it is read when it is needed.
_LARGEST_IN_MEMORY = 1 << 30
# Two zero bytes, 8 for unsigned bytes, the number of axes.
_MAGIC = b"\x00\x00\x08"


def read_idx(path: pathlib.Path, axes: int) -> np.ndarray:
    """Reads an IDX file of unsigned bytes, plain or gzipped.

    Args:
        path: the file; gzip is recognised by its content.
        axes: 3 for images, 1 for labels.

    Returns:
        An array; an `np.memmap` of a plain file of more than 1 GiB.

    Raises:
        InputError: the file is no such IDX file, or truncated, or corrupt.
    """
    content = _content(path)
    start = content[: 4 + 4 * axes].tobytes()
    if start[:3] != _MAGIC:
        raise InputError(
            f"{path} is no IDX file of unsigned bytes: it must begin with 00 00 08. "
            f"Received: {start[:3].hex(' ') or 'an empty file'}."
        )
    received = start[3] if len(start) > 3 else 0
    if received != axes:
        kinds = {1: "labels", 3: "images"}
        raise InputError(
            f"{path} must hold {kinds.get(axes, 'an array')}: {axes} axes. Received: {received} "
            f"({kinds.get(received, 'neither images nor labels')}). Are two files swapped?"
        )
    header = 4 + 4 * axes
    shape = tuple(int.from_bytes(start[4 + 4 * axis : 8 + 4 * axis], "big") for axis in range(axes))
    expected = header + int(np.prod(shape, dtype=object))
    if len(content) != expected:
        raise InputError(
            f"{path} is {'truncated' if len(content) < expected else 'too long'}: its header says shape {shape}, "
            f"which takes {expected} bytes. Received: {len(content)} bytes. Fetch it again."
        )
    return content[header:].reshape(shape)


def _content(path: pathlib.Path) -> np.ndarray:
    with path.open("rb") as file:
        is_zipped = file.read(2) == b"\x1f\x8b"
    if not is_zipped and path.stat().st_size > _LARGEST_IN_MEMORY:
        return np.memmap(path, np.uint8, "r")
    content = path.read_bytes()
    if is_zipped:
        try:
            content = gzip.decompress(content)
        except (OSError, EOFError, zlib.error) as error:
            raise InputError(f"{path} is a damaged gzip file: {error}. Fetch it again.") from error
    return np.frombuffer(content, np.uint8)


def write_idx(path: pathlib.Path, array: np.ndarray) -> None:
    """Writes unsigned bytes as IDX, gzipped where the name ends in .gz."""
    content = _MAGIC + bytes([array.ndim]) + np.array(array.shape, ">u4").tobytes() + array.astype(np.uint8).tobytes()
    path.write_bytes(gzip.compress(content, mtime=0) if path.suffix == ".gz" else content)
