"""Folders and files that are written whole or not at all."""

import contextlib
import ctypes
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


@contextlib.contextmanager
def atomic_folder(folder: pathlib.Path, replace: bool = False) -> Iterator[pathlib.Path]:
    """Yields an empty folder beside `folder`; it takes that name when the block ends well.

    If the block fails, or is interrupted, `folder` is what it was before; a kill at any moment leaves the old
    folder or the new one, and a stage that the next writer removes.

    Args:
        folder: where the result goes; missing parents are made.
        replace: put the new folder in the place of an old one, which is deleted then.

    Raises:
        InputError: `folder` exists and may not be replaced.
    """
    folder = pathlib.Path(folder)
    _refuse_existing(folder, replace)
    folder.parent.mkdir(parents=True, exist_ok=True)
    _clear_dead_stages(folder)
    # Locked before it bears the name by which others look for dead ones.
    stage = pathlib.Path(tempfile.mkdtemp(prefix=".stage.", dir=folder.parent))
    with try_lock(stage / _LOCK) or contextlib.nullcontext():
        stage = stage.rename(stage.with_name(f".{folder.name}{stage.name}"))
        new = stage / "new"
        try:
            new.mkdir()
            yield new
            _refuse_existing(folder, replace)
            if folder.exists():
                exchange(new, folder)
            else:
                new.rename(folder)
        finally:
            shutil.rmtree(stage, ignore_errors=True)


def _clear_dead_stages(folder: pathlib.Path) -> None:
    for stage in folder.parent.glob(f".{folder.name}.stage.*"):
        with contextlib.suppress(OSError), contextlib.ExitStack() as stack:
            lock = try_lock(stage / _LOCK)
            if lock:
                stack.enter_context(lock)
                shutil.rmtree(stage, ignore_errors=True)
    for stage in folder.parent.glob(".stage.*"):
        # A live one bears this name for an instant.
        with contextlib.suppress(OSError):
            if time.time() - stage.stat().st_mtime > 60:
                shutil.rmtree(stage, ignore_errors=True)


@contextlib.contextmanager
def atomic_file(path: pathlib.Path) -> Iterator[BinaryIO]:
    """Yields a file that takes the name `path` when the block ends well, all of it on disk by then.

    A kill at any moment leaves the old file, or the new one.
    """
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
    # The new name is on disk only when its folder is.
    folder = os.open(path.parent, os.O_RDONLY)
    try:
        os.fsync(folder)
    finally:
        os.close(folder)


def check_writable(folder: pathlib.Path, replace: bool = False) -> None:
    """Finds out before hours of work whether `atomic_folder(folder, replace)` could begin.

    Raises:
        InputError: `folder` exists and may not be replaced.
        OSError: its parent cannot be made or written.
    """
    _refuse_existing(folder, replace)
    folder.parent.mkdir(parents=True, exist_ok=True)
    tempfile.TemporaryDirectory(prefix=f".{folder.name}.", dir=folder.parent).cleanup()


def _refuse_existing(folder: pathlib.Path, replace: bool) -> None:
    if folder.is_dir() and (replace or not any(folder.iterdir())):
        return
    if folder.exists() or folder.is_symlink():
        raise InputError(f"{folder} exists already. Choose another name, or move it away first.")


try:
    import fcntl
except ImportError:  # Not on Windows: every lock is to be had there.
    fcntl = None  # type: ignore[assignment]


def try_lock(path: pathlib.Path) -> IO | None:
    """Makes and locks a file; None where another process holds it. Closing the file, or dying, unlocks it."""
    file = path.open("w")
    if fcntl is not None:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            file.close()
            return None
    return file


_HERE = -100  # AT_FDCWD: paths are taken from the current folder.
_EXCHANGE = 2  # RENAME_EXCHANGE


def exchange(one: pathlib.Path, other: pathlib.Path) -> None:
    """Exchanges two files or folders of one file system.

    By Linux's renameat2, so that a kill leaves both as they were or both exchanged. Elsewhere by three
    renames, between which a kill can leave `other` missing.
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
    rename = getattr(ctypes.CDLL(None), "renameat2", None) if os.name == "posix" else None
    return rename is not None and rename(_HERE, os.fsencode(one), _HERE, os.fsencode(other), _EXCHANGE) == 0
