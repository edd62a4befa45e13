"""The folder of a job's predictions: one part file per chunk, written completely or not at all.

A part file is the only record that its chunk was predicted. Therefore a job that was stopped at any moment resumes
without a repeated or a missing row. Ray Data's own checkpoints (`CheckpointConfig`) read the bytes of all predicted
images again, leave incomplete files under their final names after a kill, and repeat a finished job.
"""

import io
import json
import pathlib
import re
import uuid
from typing import Any, NamedTuple

import pyarrow as pa
import pyarrow.dataset
import pyarrow.parquet

from mnist_keras.atomic import atomic_file
from mnist_keras.errors import InputError
from mnist_keras.inference.batch.chunks import open_address
from mnist_keras.inference.batch.rows import SCHEMA

# Readers of parquet folders skip names that begin with an underscore or a dot.
_JOB = "_job.json"
_PART = re.compile(r"part-(\d{6,})\.parquet")
_ATTEMPTS = "_attempts-"
# Incomplete files have the name of the complete one after a dot.
_LEFTOVER = re.compile(rf"\.part-.*|\.?{_ATTEMPTS}.*|\.{re.escape(_JOB)}.*")


class Summary(NamedTuple):
    """What the part files contain."""

    #: Number of rows.
    images: int
    #: Number of rows with an error.
    errors: int


class OutputFolder:
    """The folder that a job writes, on this machine or on any storage that fsspec opens."""

    def __init__(self, address: str):
        self._storage, self._path = open_address(address)
        self._is_local = "file" in self._storage.protocol
        #: The absolute path, or the address with its scheme.
        self.address = self._path if self._is_local else self._storage.unstrip_protocol(self._path)

    def start(self, settings: dict[str, Any]) -> None:
        """Writes the settings of a new job, or compares them with those of the job that is continued.

        Args:
            settings: all that decides the predictions and their division into part files, as JSON types.

        Raises:
            InputError: the folder contains another job, or anything else.
        """
        self._storage.makedirs(self._path, exist_ok=True)
        job = f"{self._path}/{_JOB}"
        if not self._storage.exists(job):
            names = self._names()
            if any(not name.startswith(".") for name in names):
                raise InputError(
                    f"{self.address} contains files of something else. Expected: a new folder, an empty one, or that "
                    f"of the same job. Received: {sorted(names)[0]}. Choose another folder."
                )
            self._write(_JOB, (json.dumps(settings, indent=2) + "\n").encode())
            return
        try:
            earlier = dict(json.loads(self._storage.cat_file(job)))
        except ValueError as error:
            raise InputError(f"{self.address}/{_JOB} is damaged: {error}. Choose another folder.") from error
        differing = [name for name in {**settings, **earlier} if settings.get(name) != earlier.get(name)]
        if differing:
            raise InputError(
                f"{self.address} contains the predictions of another job. "
                f"Expected: {_in_words(earlier, differing)}. Received: {_in_words(settings, differing)}. "
                "Choose another folder, or repeat the command of that job to resume it."
            )

    def finished_chunks(self) -> set[int]:
        """Returns the numbers of the chunks whose part files are written."""
        return {int(match[1]) for match in map(_PART.fullmatch, self._names()) if match}

    def write_part(self, chunk: int, rows: list[dict[str, Any]]) -> None:
        """Writes the part file of a chunk, given its number and its rows with the names of `SCHEMA`."""
        buffer = io.BytesIO()
        pa.parquet.write_table(pa.Table.from_pylist(rows, SCHEMA), buffer)
        self._write(f"part-{chunk:06}.parquet", buffer.getvalue())

    def count_attempt(self, chunk: int) -> int:
        """Returns how often the prediction of a chunk was begun since `remove_leftovers`, and counts one more."""
        name = f"{_ATTEMPTS}{chunk:06}"
        try:
            earlier = int(self._storage.cat_file(f"{self._path}/{name}"))
        except FileNotFoundError:
            earlier = 0
        self._write(name, str(earlier + 1).encode())
        return earlier

    def remove_leftovers(self) -> None:
        """Removes what workers leave beside the part files: counts of attempts, incomplete files."""
        for name in self._names():
            if _LEFTOVER.fullmatch(name):
                self._storage.rm(f"{self._path}/{name}")

    def summarize(self) -> Summary:
        """Returns what the part files contain."""
        parts = [f"{self._path}/part-{chunk:06}.parquet" for chunk in sorted(self.finished_chunks())]
        if not parts:
            return Summary(0, 0)
        dataset = pa.dataset.dataset(parts, SCHEMA, "parquet", filesystem=self._storage)
        return Summary(dataset.count_rows(), dataset.count_rows(filter=pa.dataset.field("error").is_valid()))

    def _names(self) -> list[str]:
        self._storage.invalidate_cache()
        return [name.rpartition("/")[2] for name in self._storage.ls(self._path, detail=False)]

    def _write(self, name: str, content: bytes) -> None:
        if self._is_local:
            with atomic_file(pathlib.Path(self._path, name)) as file:
                file.write(content)
            return
        # Some storages make a file visible while it is being written.
        stage = f"{self._path}/.{name}.{uuid.uuid4().hex}"
        self._storage.pipe_file(stage, content)
        self._storage.mv(stage, f"{self._path}/{name}")


def _in_words(settings: dict[str, Any], names: list[str]) -> str:
    # The first digits of a checksum are enough to see that two differ.
    return ", ".join(f"{name} {str(settings.get(name))[:12]}" for name in names)
