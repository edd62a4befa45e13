"""Shares a loaded model between threads, and refuses TensorFlow after a fork. Must not import TensorFlow."""

import os
from collections.abc import Callable
from typing import Generic, TypeVar

from mnist_keras.errors import InputError

Item = TypeVar("Item")


class Pool(Generic[Item]):
    """Lends each item to one thread at a time, and creates another item if all are lent.

    The lists of a pool are changed by single operations, which threads cannot interrupt. A forked process inherits
    only items that no thread was using.
    """

    def __init__(self, create: Callable[[], Item]):
        self._create = create
        self._free = [create()]

    def take(self) -> Item:
        """Returns an item for the calling thread alone."""
        try:
            return self._free.pop()
        except IndexError:
            return self._create()

    def give_back(self, item: Item) -> None:
        """Takes an item back. After an exception its user drops it instead: its state is unknown."""
        self._free.append(item)


# The process that first ran a model in TensorFlow.
_process: int | None = None


def refuse_tensorflow_after_fork() -> None:
    """Raises InputError in a process that was forked after this package ran a model in TensorFlow.

    TensorFlow's threads do not exist in the forked process, which would wait for them forever.
    """
    global _process
    if _process is None:
        _process = os.getpid()
    if _process != os.getpid():
        raise InputError(
            f"TensorFlow cannot run in process {os.getpid()}, which was forked from process {_process} after that one "
            "had used TensorFlow. Start processes by multiprocessing's method 'spawn', or use a .tflite or .onnx file."
        )
