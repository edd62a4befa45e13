"""A lock that dies with its process."""

import pathlib
from typing import IO

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
