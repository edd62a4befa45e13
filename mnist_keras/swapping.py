"""Two paths change places at one instant, where the system can do that."""

import ctypes
import os
import pathlib

_HERE = -100  # AT_FDCWD: paths are taken from the current folder.
_EXCHANGE = 2  # RENAME_EXCHANGE


def swap(one: pathlib.Path, other: pathlib.Path) -> None:
    """Exchanges two files or folders of one file system.

    By Linux's renameat2, so that a kill leaves both as they were or both exchanged. Elsewhere by three
    renames, between which a kill can leave `other` missing.
    """
    if not _exchange(one, other):
        aside = one.with_name(f"{one.name}.aside")
        other.rename(aside)
        try:
            one.rename(other)
        except OSError:
            aside.rename(other)
            raise
        aside.rename(one)


def _exchange(one: pathlib.Path, other: pathlib.Path) -> bool:
    rename = getattr(ctypes.CDLL(None), "renameat2", None) if os.name == "posix" else None
    return rename is not None and rename(_HERE, os.fsencode(one), _HERE, os.fsencode(other), _EXCHANGE) == 0
