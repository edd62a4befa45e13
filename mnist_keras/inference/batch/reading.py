"""Reads the image files of a chunk, ahead of their use. An image that cannot be read is no reason to stop."""

import collections
import concurrent.futures
import itertools
import tarfile
import time
import zlib
from collections.abc import Callable, Iterator

import pyarrow as pa
import pyarrow.parquet

from mnist_keras.errors import InputError
from mnist_keras.inference.batch.chunks import BYTES, PARQUET_SUFFIX, PATH, TAR_SUFFIXES, Chunk, open_address
from mnist_keras.inference.preprocessing.image_files import SUFFIXES

# 50 million pixels of 16 bits in four channels take 400 MB.
_MAX_BYTES = 500_000_000
# Files that are read at the same time: the answer of a storage over the network takes longer than a prediction.
_READERS = 8
# Seconds before the second and the third attempt.
_PAUSES = (0.5, 2.0)

# The path of an image, and the bytes of its file or why there are none.
Image = tuple[str, bytes | InputError]


def read_chunk(chunk: Chunk) -> Iterator[Image]:
    """Yields each image of a chunk, in order. A damaged tar or parquet file yields what precedes the damage."""
    file = chunk.files[0]
    if file.lower().endswith(PARQUET_SUFFIX):
        yield from _read_archive(file, lambda: _read_parquet(file, chunk.row_groups))
    elif file.lower().endswith(TAR_SUFFIXES):
        yield from _read_archive(file, lambda: _read_tar(file))
    else:
        yield from _read_files(chunk)


def _read_archive(file: str, read: Callable[[], Iterator[Image]]) -> Iterator[Image]:
    """Yields the images of a tar or parquet file. After an error it is read again, up to where it was."""
    done = 0
    for pause in (*_PAUSES, None):
        try:
            for image in itertools.islice(read(), done, None):
                done += 1
                yield image
            return
        except (OSError, EOFError, zlib.error, tarfile.TarError, pa.ArrowException) as error:
            if pause is None:
                yield file, InputError(f"{file} cannot be read after its first {done:,} images: {error}")
                return
            time.sleep(pause)


def _read_files(chunk: Chunk) -> Iterator[Image]:
    waiting: collections.deque = collections.deque()
    with concurrent.futures.ThreadPoolExecutor(_READERS) as pool:
        for file, size in zip(chunk.files, chunk.sizes, strict=True):
            waiting.append((file, pool.submit(_read_file, file, size)))
            if len(waiting) > _READERS:
                name, content = waiting.popleft()
                yield name, content.result()
        yield from ((name, content.result()) for name, content in waiting)


def _read_file(file: str, size: int) -> bytes | InputError:
    if size > _MAX_BYTES:
        return _too_large(file, size)
    for pause in (*_PAUSES, None):
        try:
            storage, path = open_address(file)
            return storage.cat_file(path)
        except FileNotFoundError:
            return InputError(f"There is no such file: {file}.")
        except Exception as error:  # Each storage raises errors of its own.
            if pause is None or isinstance(error, (PermissionError, InputError)):
                return InputError(f"{file} cannot be read: {error}")
            time.sleep(pause)
    raise AssertionError("the last attempt returns")


def _read_tar(file: str) -> Iterator[Image]:
    storage, path = open_address(file)
    with storage.open(path, compression="infer") as stream, tarfile.open(fileobj=stream, mode="r:") as archive:
        for member in archive:
            if not (member.isfile() and member.name.lower().endswith(SUFFIXES)):
                continue
            name = f"{file}/{member.name}"
            content = archive.extractfile(member)
            assert content is not None  # It is a regular file.
            yield name, _too_large(name, member.size) if member.size > _MAX_BYTES else content.read()
        # tarfile takes a damaged header for the end.
        stream.seek(archive.offset)
        if stream.read(tarfile.BLOCKSIZE) != bytes(tarfile.BLOCKSIZE):
            raise tarfile.ReadError("it does not end as a tar file does")


def _read_parquet(file: str, row_groups: tuple[int, ...]) -> Iterator[Image]:
    storage, path = open_address(file)
    with storage.open(path) as stream, pa.parquet.ParquetFile(stream) as parquet:
        for batch in parquet.iter_batches(_READERS, row_groups=list(row_groups), columns=[PATH, BYTES]):
            for name, content in zip(batch[PATH].to_pylist(), batch[BYTES].to_pylist(), strict=True):
                yield name, InputError(f"{name} has no bytes in {file}.") if content is None else content


def _too_large(name: str, size: int) -> InputError:
    return InputError(f"{name} has {size:,} bytes. Expected: at most {_MAX_BYTES:,}. Scale it down first.")
