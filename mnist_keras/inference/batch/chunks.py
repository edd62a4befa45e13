"""Divides the images of folders, parquet files and tar files into chunks, in an order that repeats."""

import dataclasses
import itertools
import os
from collections.abc import Iterable, Iterator, Sequence
from typing import Any

import fsspec
import pyarrow as pa
import pyarrow.compute
import pyarrow.parquet

from mnist_keras.errors import InputError, check
from mnist_keras.inference.preprocessing.image_files import SUFFIXES

# Columns of a parquet file: the name of an image, and the bytes of its file.
PATH, BYTES = "path", "bytes"
PARQUET_SUFFIX = ".parquet"
TAR_SUFFIXES = (".tar", ".tar.gz")


@dataclasses.dataclass(frozen=True)
class Chunk:
    """Images that one worker predicts without a pause, and whose predictions are one part file."""

    #: Image files, or one parquet file or tar file: absolute paths or addresses.
    files: tuple[str, ...]
    #: Bytes of each file.
    sizes: tuple[int, ...]
    #: The row groups of a parquet file; empty for other files.
    row_groups: tuple[int, ...] = ()


def list_chunks(inputs: Iterable[str], batch_size: int) -> list[Chunk]:
    """Lists the images of files and folders and divides them into chunks.

    The same files give the same chunks, in the order of `inputs` and sorted by path in each.

    Args:
        inputs: image files, parquet files, tar files, and folders of these with their subfolders: paths or addresses
            that fsspec opens, such as "s3://bucket/images".
        batch_size: maximum number of images of a chunk. A row group of a parquet file and a tar file are not divided.

    Raises:
        InputError: there is no such file or folder, a folder has none of these files, the scheme of an address is
            unknown, a parquet file is damaged or lacks the columns, or two images have the same path.
    """
    check(batch_size >= 1, "at least 1", "batch_size", batch_size)
    images, archives, names = [], [], []
    for file, size in itertools.chain.from_iterable(map(_list_files, inputs)):
        if file.lower().endswith(PARQUET_SUFFIX):
            row_groups, paths = _read_row_groups(file)
            names += paths.chunks
            archives += [Chunk((file,), (size,), group) for group in _group(row_groups, batch_size)]
        elif file.lower().endswith(TAR_SUFFIXES):
            archives.append(Chunk((file,), (size,)))
        else:
            images.append((file, size))
    files = [file for file, _ in images] + sorted({file for chunk in archives for file in chunk.files})
    _check_unique([pa.array(map(printable, files), pa.string()), *names])
    chunks = (images[start : start + batch_size] for start in range(0, len(images), batch_size))
    return [Chunk(*zip(*chunk, strict=True)) for chunk in chunks] + archives


def open_address(address: str) -> tuple[fsspec.AbstractFileSystem, str]:
    """Returns the file system of a path or an address, and the path on it.

    Raises:
        InputError: the scheme is unknown, its package is not installed, or there are no credentials.
    """
    try:
        return fsspec.core.url_to_fs(address)
    except ImportError as error:
        raise InputError(f"{address} needs a package that is not installed: {error}") from error
    except Exception as error:  # Each storage raises errors of its own.
        raise InputError(
            f"{address} cannot be opened: {error}. Expected: a path, or an address with a scheme that fsspec knows, "
            "such as s3://bucket/folder."
        ) from error


def printable(path: str) -> str:
    """Returns a path as text. Bytes that are no UTF-8 become escapes, as in \\\\xff."""
    return os.fsencode(path).decode(errors="backslashreplace")


def _list_files(address: str) -> Iterator[tuple[str, int]]:
    """Yields path or address, and size in bytes, of the files that can be predicted."""
    storage, root = open_address(address)
    try:
        found = storage.find(root, detail=True)
    except Exception as error:
        raise InputError(f"{address} cannot be listed: {error}") from error
    if not found and not storage.exists(root):
        raise InputError(f"There is no such file or folder: {address}.")
    suffixes = (*SUFFIXES, PARQUET_SUFFIX, *TAR_SUFFIXES)
    files = sorted(file for file in found if file.lower().endswith(suffixes))
    if not files:
        raise InputError(f"{address} contains no images. Expected: files ending in {', '.join(suffixes)}.")
    is_local = "file" in storage.protocol
    for file in files:
        yield file if is_local else storage.unstrip_protocol(file), found[file]["size"]


def _read_row_groups(file: str) -> tuple[list[int], Any]:
    """Returns the number of rows of each row group of a parquet file, and the names of its images."""
    storage, path = open_address(file)
    try:
        with storage.open(path) as stream, pa.parquet.ParquetFile(stream) as parquet:
            schema = parquet.schema_arrow
            missing = {PATH, BYTES} - set(schema.names)
            if not missing:
                row_groups = [parquet.metadata.row_group(index).num_rows for index in range(parquet.num_row_groups)]
                paths = parquet.read([PATH])[PATH].cast(pa.string())
    except (OSError, pa.ArrowException) as error:
        raise InputError(f"{file} cannot be read as a parquet file: {error}") from error
    if missing or schema.field(BYTES).type not in (pa.binary(), pa.large_binary()):
        received = ", ".join(f"{field.name} ({field.type})" for field in schema)
        raise InputError(
            f"{file} has other columns. Expected: {PATH} (string), {BYTES} (binary), an image file in each row. "
            f"Received: {received or 'none'}."
        )
    if paths.null_count:
        raise InputError(f"{file} has {paths.null_count:,} rows without a {PATH}. Expected: a name in each row.")
    return row_groups, paths


def _group(sizes: Sequence[int], batch_size: int) -> Iterator[tuple[int, ...]]:
    """Yields runs of consecutive row groups with at most `batch_size` rows, or one row group that has more."""
    group: list[int] = []
    rows = 0
    for index, size in enumerate(sizes):
        if group and rows + size > batch_size:
            yield tuple(group)
            group, rows = [], 0
        group.append(index)
        rows += size
    if group:
        yield tuple(group)


def _check_unique(names: list[pa.Array]) -> None:
    counted = pa.compute.value_counts(pa.chunked_array(names, pa.string()))
    repeated = counted.filter(pa.compute.greater(counted.field("counts"), 1))
    if len(repeated):
        name, count = repeated[0].as_py().values()
        raise InputError(
            f"The input has {name} {count} times. Expected: each image once. Received: {len(repeated):,} repeated "
            "paths. Name no folder twice, and none inside another one."
        )
