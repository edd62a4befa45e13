"""Several processes share a folder of runs: one at a time trains a run. Must not import TensorFlow."""

import contextlib
import pathlib
import time
from collections.abc import Iterator

from mnist_keras.atomic import try_lock

_LOCKS = ".locks"
_SECONDS_BETWEEN_ATTEMPTS = 1.0


@contextlib.contextmanager
def take_turn(run: pathlib.Path, wait: bool = False) -> Iterator[bool]:
    """Yields whether this process may train a run, and keeps other processes from it until the block ends.

    The lock is a file in the folder `.locks` beside the run. The system releases it when the process ends or is killed;
    then another process may take the run and resume it. Whoever has it must look whether the run is complete by now.

    Args:
        run: the run's folder, on a file system that all processes share and whose `flock` works between machines.
        wait: wait until the process that trains the run has ended or finished it.
    """
    path = run.parent / _LOCKS / run.name
    path.parent.mkdir(parents=True, exist_ok=True)
    lock = try_lock(path)
    while wait and lock is None:
        time.sleep(_SECONDS_BETWEEN_ATTEMPTS)
        lock = try_lock(path)
    with lock or contextlib.nullcontext():
        yield lock is not None
