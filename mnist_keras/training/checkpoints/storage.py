"""The folder of a run that is not finished yet: its settings and its last checkpoints."""

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
_KEPT = 2

Arrays = dict[str, np.ndarray]
Checkpoint = tuple[Arrays, dict[str, Any]]
# Of several workers, which of some wishes any has; all of them call it at once.
Agree = Callable[[Sequence[bool]], Sequence[bool]]


class CheckpointManager:
    """Writes and finds the checkpoints of one run, in a folder that is deleted when the run is complete.

    Args:
        folder: runs/NAME.unfinished; made by `open`.
    """

    def __init__(self, folder: str | os.PathLike):
        self.folder = pathlib.Path(folder)
        self._run_id: str | None = None
        self._lock: IO | None = None
        self._writes = False

    def open(self, settings: Mapping[str, Any], writes: bool = True, agree: Agree = list) -> Checkpoint | None:
        """Begins a run, or goes on with one of the same settings.

        Args:
            settings: from `run_settings`.
            writes: this worker writes the checkpoints, and no other.
            agree: of the workers that open the same folder.

        Returns:
            The arrays and facts of the newest whole checkpoint; None where there is none.

        Raises:
            InputError: the run there has other settings, or another process is training it.
        """
        if writes:
            self.folder.mkdir(parents=True, exist_ok=True)
            self._take_lock()
            self._writes = True
            if read_settings(self.folder) is None:
                write_json(self.folder / _SETTINGS, {"run_id": uuid.uuid4().hex, **settings})
        # The others wait until it is there.
        agree([True])
        recorded = read_settings(self.folder)
        if recorded is None:
            raise InputError(f"{self.folder} is not there for this worker. Expected: a --runs_dir that all share.")
        difference = first_difference(recorded, settings)
        if difference:
            raise InputError(
                f"{self.folder} was begun otherwise: {difference}. Repeat the first command, give another "
                f"--run_name, or delete that folder to begin again."
            )
        self._run_id = recorded["run_id"]
        newest = self._load_newest()
        step = newest[1]["step"] if newest else 0
        bits = [bool(step >> bit & 1) for bit in range(40)]
        if any(map(all, zip(agree(bits), agree([not bit for bit in bits]), strict=True))):
            raise InputError(
                f"The workers do not see the same checkpoints in {self.folder}; this one sees step {step}. "
                f"Expected: a --runs_dir that all workers share."
            )
        return newest

    def save(self, step: int, arrays: Mapping[str, np.ndarray], facts: Mapping[str, Any]) -> None:
        """Writes the checkpoint of a step, then deletes all but the last two."""
        if not self._writes:
            return
        write_checkpoint(self._path(step), arrays, {"run_id": self._run_id, "step": step, **facts})
        # Also what a kill in the midst of writing left: no other process writes here.
        for path in [*self._paths()[_KEPT:], *self.folder.glob(".step-*")]:
            path.unlink()

    def discard(self) -> None:
        """Deletes the folder: the run is complete."""
        shutil.rmtree(self.folder)
        self.close()

    def close(self) -> None:
        """Lets another process go on with the run; a folder without any checkpoint goes."""
        if self._writes and {path.name for path in self.folder.glob("*")} <= {_SETTINGS, _LOCK}:
            shutil.rmtree(self.folder, ignore_errors=True)
        if self._lock:
            self._lock.close()
            self._lock = None

    def _load_newest(self) -> Checkpoint | None:
        # Refused files are renamed, so that they do not count among the last two.
        for path in self._paths():
            try:
                arrays, facts = read_checkpoint(path)
                if (
                    isinstance(facts, dict)
                    and facts.get("run_id") == self._run_id
                    and path == self._path(facts["step"])
                ):
                    return arrays, facts
                reason = f"{path} is a checkpoint of another run"
            except ValueError as error:
                reason = str(error)
            if self._writes:
                print(f"{reason}: refused, the one before is used", flush=True)
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
                f"{self.folder} is being trained by another process. Wait for it, or give another --run_name."
            )


def read_settings(folder: pathlib.Path) -> dict[str, Any] | None:
    """The settings of the unfinished run in that folder; None where there is none.

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
        raise InputError(f"{path} is damaged ({error}). Delete {folder} to begin the run again.") from error


_FACTS = "facts"


def write_checkpoint(path: pathlib.Path, arrays: Mapping[str, np.ndarray], facts: Any) -> None:
    """Writes arrays and JSON-like facts to an uncompressed npz.

    A kill at any moment leaves either no file of that name or a complete one on disk.
    """
    content: dict[str, Any] = {**arrays, _FACTS: np.array(json.dumps(facts))}
    with atomic_file(path) as file:
        np.savez(file, **content)


def read_checkpoint(path: pathlib.Path) -> tuple[Arrays, Any]:
    """Arrays and facts, as written. Nothing is unpickled.

    Raises:
        ValueError: the file is damaged, or no checkpoint; every byte of it is under a checksum.
    """
    try:
        with np.load(path, allow_pickle=False) as file:
            arrays = {name: file[name] for name in file.files}
        return arrays, json.loads(str(arrays.pop(_FACTS)))
    # A damaged archive fails in a dozen ways, down to asking for a password.
    except Exception as error:
        raise ValueError(f"{path} is damaged, or no checkpoint ({error})") from error
