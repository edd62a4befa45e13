"""Folders that are written whole or not at all."""

import contextlib
import pathlib
import shutil
import tempfile
from collections.abc import Iterator

from mnist_keras.errors import InputError


@contextlib.contextmanager
def written_whole(folder: pathlib.Path, replace: bool = False) -> Iterator[pathlib.Path]:
    """Yields an empty folder beside `folder`; it takes that name when the block ends well.

    If the block fails, or is interrupted, `folder` is what it was before.

    Args:
        folder: where the result goes; missing parents are made.
        replace: put the new folder in the place of an old one, which is deleted then.

    Raises:
        InputError: `folder` exists and may not be replaced.
    """
    folder = pathlib.Path(folder)
    _refuse_existing(folder, replace)
    folder.parent.mkdir(parents=True, exist_ok=True)
    stage = pathlib.Path(tempfile.mkdtemp(prefix=f".{folder.name}.", dir=folder.parent))
    try:
        new = stage / "new"
        new.mkdir()
        yield new
        _refuse_existing(folder, replace)
        old = stage / "old"
        if folder.exists():
            folder.rename(old)
        try:
            new.rename(folder)
        except OSError:
            if old.exists():
                old.rename(folder)
            raise
    finally:
        shutil.rmtree(stage, ignore_errors=True)


def check_writable(folder: pathlib.Path, replace: bool = False) -> None:
    """Finds out before hours of work whether `written_whole(folder, replace)` could begin.

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
