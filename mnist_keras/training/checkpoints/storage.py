"""Checkpoints of an unfinished run on disk: writes them atomically, finds the latest valid one, keeps the last two."""

import json
import os
import pathlib
import shutil
import uuid
from collections.abc import Callable, Mapping, Sequence
from typing import IO, Any

import numpy as np

from mnist_keras.atomic import atomic_file, try_lock
from mnist_keras.errors import InputError
from mnist_keras.files import read_json, write_json
from mnist_keras.training.settings import first_difference

_SETTINGS = "settings.json"
_LOCK = "lock"
# Number of checkpoints to keep: if the latest is damaged, the one before it is used.
_KEPT = 2

Arrays = dict[str, np.ndarray]
Checkpoint = tuple[Arrays, dict[str, Any]]
# Logical OR of flags over all workers. All workers must call it at the same time.
AnyWorker = Callable[[Sequence[bool]], Sequence[bool]]


class CheckpointManager:
    """Writes and finds the checkpoints of one run, in a folder that is deleted when the run is complete.

    Args:
        folder: runs/NAME.unfinished; `open` creates it.
    """

    def __init__(self, folder: str | os.PathLike):
        self.folder = pathlib.Path(folder)
        #: Identifies the run over all processes that train it; None before `open`.
        self.run_id: str | None = None
        self._lock: IO | None = None
        self._writes = False

    def open(self, settings: Mapping[str, Any], writes: bool = True, any_worker: AnyWorker = list) -> Checkpoint | None:
        """Starts a run, or opens an unfinished run with the same settings.

        Args:
            settings: from `run_settings`.
            writes: whether this worker writes the checkpoints; exactly one worker does.
            any_worker: logical OR over the workers that open the folder.

        Returns:
            Arrays and metadata of the latest valid checkpoint; None if there is none.

        Raises:
            InputError: the unfinished run has other settings, another process trains it, or the workers see different
                folders.
        """
        if writes:
            self.folder.mkdir(parents=True, exist_ok=True)
            self._take_lock()
            self._writes = True
            if read_settings(self.folder) is None:
                write_json(self.folder / _SETTINGS, {"run_id": uuid.uuid4().hex, **settings})
        # The other workers wait here until the settings are written.
        any_worker([True])
        recorded = read_settings(self.folder)
        if recorded is None:
            raise InputError(
                f"This worker does not see {self.folder}. Expected: a --runs_dir that all workers share. "
                "Start all workers again with a shared folder."
            )
        difference = first_difference(recorded, settings)
        if difference:
            raise InputError(
                f"The unfinished run in {self.folder} has other settings: {difference}. Repeat its command, choose "
                f"another --run_name, or delete the folder to start again."
            )
        self.run_id = recorded["run_id"]
        latest = self._load_latest()
        step = latest[1]["step"] if latest else 0
        bits = [bool(step >> bit & 1) for bit in range(40)]
        if any(map(all, zip(any_worker(bits), any_worker([not bit for bit in bits]), strict=True))):
            raise InputError(
                f"The workers do not see the same checkpoints in {self.folder}; this one sees step {step}. "
                f"Expected: a --runs_dir that all workers share."
            )
        return latest

    def save(self, step: int, arrays: Mapping[str, np.ndarray], metadata: Mapping[str, Any]) -> None:
        """Writes the checkpoint of a step, then deletes all but the last two checkpoints."""
        if not self._writes:
            return
        write_checkpoint(self._path(step), arrays, {"run_id": self.run_id, "step": step, **metadata})
        # Temporary files of a killed process too: no other process writes here.
        for path in [*self._paths()[_KEPT:], *self.folder.glob(".step-*")]:
            path.unlink()

    def discard(self) -> None:
        """Deletes the folder: the run is complete."""
        shutil.rmtree(self.folder)
        self.close()

    def close(self) -> None:
        """Releases the lock, and deletes the folder if it holds no checkpoint."""
        if self._writes and {path.name for path in self.folder.glob("*")} <= {_SETTINGS, _LOCK}:
            shutil.rmtree(self.folder, ignore_errors=True)
        if self._lock:
            self._lock.close()
            self._lock = None

    def _load_latest(self) -> Checkpoint | None:
        # Invalid files are renamed, so that they do not count among the last two.
        for path in self._paths():
            try:
                arrays, metadata = read_checkpoint(path)
                if (
                    isinstance(metadata, dict)
                    and metadata.get("run_id") == self.run_id
                    and path == self._path(metadata["step"])
                ):
                    return arrays, metadata
                reason = f"{path} is a checkpoint of another run"
            except ValueError as error:
                reason = str(error)
            if self._writes:
                print(f"{reason}: ignored, the checkpoint before it is used", flush=True)
                path.rename(path.with_name(f"refused-{path.name}"))
        return None

    def _path(self, step: int) -> pathlib.Path:
        return self.folder / f"step-{step:09d}.npz"

    def _paths(self) -> list[pathlib.Path]:
        return sorted(self.folder.glob("step-*.npz"), reverse=True)

    def _take_lock(self) -> None:
        self._lock = self._lock or try_lock(self.folder / _LOCK)
        if self._lock is None:
            raise InputError(
                f"{self.folder} is being trained by another process. Wait until it ends, or choose another --run_name."
            )


def read_settings(folder: pathlib.Path) -> dict[str, Any] | None:
    """Returns the settings of the unfinished run in a folder; None if there is no unfinished run.

    Raises:
        InputError: its settings cannot be read.
    """
    path = pathlib.Path(folder) / _SETTINGS
    if not path.exists():
        return None
    try:
        settings = read_json(path)
        settings["run_id"], settings["training"]
        return settings
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise InputError(f"{path} is damaged ({error}). Delete {folder} to start the run again.") from error


# Name of the metadata among the arrays of the npz.
_METADATA = "metadata"


def write_checkpoint(path: pathlib.Path, arrays: Mapping[str, np.ndarray], metadata: Any) -> None:
    """Writes arrays and metadata (JSON types) to an uncompressed npz file, atomically.

    If the process is killed at any moment, the file is complete or does not exist.
    """
    content: dict[str, Any] = {**arrays, _METADATA: np.array(json.dumps(metadata))}
    with atomic_file(path) as file:
        np.savez(file, **content)


def read_checkpoint(path: pathlib.Path) -> tuple[Arrays, Any]:
    """Returns arrays and metadata of a checkpoint. Nothing is unpickled.

    Raises:
        ValueError: the file is damaged or is not a checkpoint. The zip format has a checksum of every array.
    """
    try:
        with np.load(path, allow_pickle=False) as file:
            arrays = {name: file[name] for name in file.files}
        return arrays, json.loads(str(arrays.pop(_METADATA)))
    # A damaged zip archive raises a dozen kinds of errors, up to a request for a password.
    except Exception as error:
        raise ValueError(f"{path} is damaged or is not a checkpoint ({error})") from error
