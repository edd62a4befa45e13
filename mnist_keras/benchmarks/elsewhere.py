"""Work in a process of its own."""

import concurrent.futures
import multiprocessing
import os
from collections.abc import Callable
from typing import Any, TypeVar

from mnist_keras.errors import InputError

_Answer = TypeVar("_Answer")


def elsewhere(work: Callable[..., _Answer], *arguments: Any) -> _Answer:
    """What `work` answers in a new process, which shares no threads with this one, and nothing that it has compiled.

    Raises:
        InputError: the process died.
    """
    context = multiprocessing.get_context("spawn")
    with concurrent.futures.ProcessPoolExecutor(1, mp_context=context, initializer=hush) as pool:
        try:
            return pool.submit(work, *arguments).result()
        except concurrent.futures.process.BrokenProcessPool as error:
            told = ", ".join(map(str, arguments))
            raise InputError(f"The benchmark's process for {work.__name__.strip('_')} ({told}) died.") from error


def hush() -> None:
    """Drops what libraries print on stderr from now on: failures are told by the process that asked."""
    os.dup2(os.open(os.devnull, os.O_WRONLY), 2)
