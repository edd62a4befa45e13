"""Writes folders and files atomically: completely or not at all. File locks."""

import contextlib
import ctypes
import errno
import glob
import os
import pathlib
import shutil
import tempfile
import time
import uuid
from collections.abc import Iterator
from typing import IO, BinaryIO

from mnist_keras.errors import InputError

_LOCK = "lock"
# Temporary folders are called .NAME.stage.RANDOM.
_STAGE = ".stage."


@contextlib.contextmanager
def atomic_folder(folder: pathlib.Path, replace: bool = False) -> Iterator[pathlib.Path]:
    """Yields an empty temporary folder and renames it to `folder` when the block succeeds.

    If the block raises or is interrupted, `folder` stays unchanged. After a kill at any moment the old or the new
    folder is complete; the next writer removes the temporary folder.

    Args:
        folder: the destination. Missing parents are created.
        replace: replace an existing folder, which is then deleted.

    Raises:
        InputError: `folder` exists, is not empty, and `replace` is False.
    """
    folder = pathlib.Path(folder)
    _check_free(folder, replace)
    folder.parent.mkdir(parents=True, exist_ok=True)
    _remove_dead_stages(folder)
    # The lock is taken before the rename to the name under which other writers look for dead stages.
    stage = pathlib.Path(tempfile.mkdtemp(prefix=_STAGE, dir=folder.parent))
    with try_lock(stage / _LOCK) or contextlib.nullcontext():
        stage = stage.rename(stage.with_name(f".{folder.name}{stage.name}"))
        new = stage / "new"
        try:
            new.mkdir()
            yield new
            _check_free(folder, replace)
            if folder.exists():
                exchange(new, folder)
            else:
                new.rename(folder)
        finally:
            shutil.rmtree(stage, ignore_errors=True)


def _remove_dead_stages(folder: pathlib.Path) -> None:
    """Removes the temporary folders of killed writers."""
    for stage in folder.parent.glob(f".{glob.escape(folder.name)}{_STAGE}*"):
        with contextlib.suppress(OSError), contextlib.ExitStack() as stack:
            lock = try_lock(stage / _LOCK)
            if lock:
                stack.enter_context(lock)
                shutil.rmtree(stage, ignore_errors=True)
    for stage in folder.parent.glob(f"{_STAGE}*"):
        # A living writer's stage has this name for less than a second.
        with contextlib.suppress(OSError):
            if time.time() - stage.stat().st_mtime > 60:
                shutil.rmtree(stage, ignore_errors=True)


@contextlib.contextmanager
def atomic_file(path: pathlib.Path) -> Iterator[BinaryIO]:
    """Yields a temporary binary file and renames it to `path`, flushed to disk, when the block succeeds.

    After a kill at any moment the old or the new file is complete. A link stays a link, and a device or a pipe, such as
    /dev/stdout, is written directly.
    """
    if path.exists() and not path.is_file():
        with path.open("wb") as file:
            yield file
        return
    path = path.resolve()
    stage = path.with_name(f".{path.name}.{uuid.uuid4().hex}")
    try:
        with stage.open("wb") as file:
            yield file
            file.flush()
            os.fsync(file.fileno())
        stage.replace(path)
    except BaseException:
        stage.unlink(missing_ok=True)
        raise
    # The rename is on disk only after fsync of the folder.
    folder = os.open(path.parent, os.O_RDONLY)
    try:
        os.fsync(folder)
    finally:
        os.close(folder)


def check_writable(folder: pathlib.Path, replace: bool = False) -> None:
    """Checks before hours of work that `atomic_folder(folder, replace)` can start.

    Raises:
        InputError: `folder` exists, is not empty, and `replace` is False; or its name is too long or no text.
        OSError: the parent folder cannot be created or written.
    """
    try:
        folder.name.encode()
    except UnicodeEncodeError as error:
        raise InputError(
            f"A folder's name must be text in UTF-8. Received: {folder.name!a}. Choose another."
        ) from error
    try:
        _check_free(folder, replace)
        folder.parent.mkdir(parents=True, exist_ok=True)
        tempfile.TemporaryDirectory(prefix=f".{folder.name}{_STAGE}", dir=folder.parent).cleanup()
    except OSError as error:
        if error.errno != errno.ENAMETOOLONG:
            raise
        raise InputError(
            f"The name {folder.name[:60]}... is too long. Expected: at most 230 bytes. Received: "
            f"{len(folder.name.encode())}. Choose a shorter one."
        ) from error


def _check_free(folder: pathlib.Path, replace: bool) -> None:
    if folder.is_dir() and (replace or not any(folder.iterdir())):
        return
    if folder.exists() or folder.is_symlink():
        raise InputError(f"{folder} exists already. Choose another name, or move it away first.")


try:
    import fcntl
except ImportError:  # Windows has no fcntl: every lock succeeds there.
    fcntl = None  # type: ignore[assignment]


def try_lock(path: pathlib.Path) -> IO | None:
    """Creates and locks a file. Returns None if another process holds the lock.

    The lock is released when the file is closed or the process exits.
    """
    file = path.open("w")
    if fcntl is not None:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            file.close()
            return None
    return file


_AT_FDCWD = -100  # Relative paths start at the current folder.
_RENAME_EXCHANGE = 2


def exchange(one: pathlib.Path, other: pathlib.Path) -> None:
    """Exchanges the names of two files or folders on one file system.

    Linux's renameat2 does it atomically. Other systems need three renames; a kill between these can leave `other`
    missing.
    """
    if not _renameat2_exchange(one, other):
        aside = one.with_name(f"{one.name}.aside")
        other.rename(aside)
        try:
            one.rename(other)
        except OSError:
            aside.rename(other)
            raise
        aside.rename(one)


def _renameat2_exchange(one: pathlib.Path, other: pathlib.Path) -> bool:
    """Returns whether the system exchanged both names atomically."""
    rename = getattr(ctypes.CDLL(None), "renameat2", None) if os.name == "posix" else None
    if rename is None:
        return False
    return rename(_AT_FDCWD, os.fsencode(one), _AT_FDCWD, os.fsencode(other), _RENAME_EXCHANGE) == 0
