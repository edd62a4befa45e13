"""The folders of runs, complete and not: found, read, told apart. Imports no TensorFlow."""

import dataclasses
import os
import pathlib
from typing import Any

from mnist_keras.data import Digits
from mnist_keras.errors import InputError
from mnist_keras.files import read_json
from mnist_keras.recipes.recipe import DESCRIPTIVE, Recipe
from mnist_keras.training.checkpoints.storage import read_settings
from mnist_keras.training.settings import first_difference, run_settings

MODEL_FILE = "model.keras"
_UNFINISHED = ".unfinished"
# Fields of a recipe that change no figure of a complete run.
_WITHOUT_EFFECT = (*DESCRIPTIVE, "log_every_steps", "steps_per_execution")


def unfinished_folder(folder: str | os.PathLike) -> pathlib.Path:
    """Where a run keeps its checkpoints until its own folder is written."""
    folder = pathlib.Path(folder)
    return folder.with_name(folder.name + _UNFINISHED)


def seed_folder(folder: str | os.PathLike, recipe: str, seed: int) -> pathlib.Path:
    """Where one of several seeds' runs stands in the folder of them all."""
    return pathlib.Path(folder) / f"{recipe}-seed-{seed}"


def completed_seeds(folder: str | os.PathLike, recipe: str) -> list[int]:
    """The seeds whose runs of a recipe stand in the folder of several, in their order."""
    ends = (path.name.removeprefix(f"{recipe}-seed-") for path in pathlib.Path(folder).glob(f"{recipe}-seed-*"))
    return sorted(int(end) for end in ends if end.isdecimal())


def latest_unfinished(runs: str | os.PathLike, recipe: str) -> pathlib.Path:
    """The folder that the last unfinished run of that recipe will have.

    Raises:
        InputError: there is none.
    """
    folders = sorted(pathlib.Path(runs).glob(f"*{_UNFINISHED}"), key=lambda path: path.stat().st_mtime)
    for folder in reversed(folders):
        settings = read_settings(folder)
        if settings and settings["recipe"]["name"] == recipe:
            return folder.with_name(folder.name.removesuffix(_UNFINISHED))
    raise InputError(f"No unfinished run of {recipe} is in {runs}. Leave --resume out to begin one.")


def is_complete(folder: str | os.PathLike, recipe: Recipe, digits: Digits, seed: int) -> bool:
    """Whether that run was trained already.

    Raises:
        InputError: something else is there, or a run of another recipe, dataset or seed.
    """
    if not pathlib.Path(folder).exists():
        return False
    there = read_run(folder)[0]
    # A field that is younger than the run had no effect then, as by default.
    there["recipe"] = {field.name: field.default for field in dataclasses.fields(Recipe)} | there["recipe"]
    difference = first_difference(there, run_settings(recipe, digits, seed), _WITHOUT_EFFECT)
    if difference:
        raise InputError(
            f"{folder} exists already and was trained otherwise: {difference}. Choose another name, or move it away."
        )
    return True


def recorded_threads(folder: str | os.PathLike) -> int:
    """The threads that a run was begun with, where it is unfinished; else 0."""
    settings = read_settings(unfinished_folder(folder))
    return settings["training"]["threads"] if settings else 0


def read_run(folder: str | os.PathLike) -> tuple[dict[str, Any], dict[str, Any]]:
    """A run's config and report.

    Raises:
        InputError: the folder is no run's.
    """
    folder = pathlib.Path(folder)
    try:
        return tuple(read_json(folder / name) for name in ("config.json", "report.json"))
    except (OSError, ValueError) as error:
        hint = "It is not finished." if folder.name.endswith(_UNFINISHED) else str(error)
        raise InputError(
            f"{folder} is no run's folder: it must hold config.json, report.json and {MODEL_FILE}, as "
            f"scripts/train.py leaves them. ({hint})"
        ) from error
