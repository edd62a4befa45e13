"""Finds and reads the folders of complete and unfinished runs. Must not import TensorFlow."""

import dataclasses
import math
import os
import pathlib
from collections.abc import Mapping
from typing import Any

from mnist_keras.data import Digits
from mnist_keras.errors import InputError
from mnist_keras.files import MODEL_FILE, read_json
from mnist_keras.recipes.recipe import Recipe
from mnist_keras.training.checkpoints.storage import read_settings
from mnist_keras.training.settings import WITHOUT_EFFECT, first_difference, run_settings

#: Which tool for experiment tracking has recorded the complete run.
TRACKING_FILE = "tracking.json"
_UNFINISHED = ".unfinished"
# Also these fields of a recipe do not change the result of a run.
_WITHOUT_EFFECT = (*WITHOUT_EFFECT, "log_every_steps", "steps_per_execution")


def unfinished_folder(folder: str | os.PathLike) -> pathlib.Path:
    """Returns the folder of a run's checkpoints, which exists until the run is complete."""
    folder = pathlib.Path(folder)
    return folder.with_name(folder.name + _UNFINISHED)


def seed_folder(folder: str | os.PathLike, recipe: str, seed: int) -> pathlib.Path:
    """Returns the folder of the run of one seed, inside the folder of a study."""
    return pathlib.Path(folder) / f"{recipe}-seed-{seed}"


def completed_seeds(folder: str | os.PathLike, recipe: str) -> list[int]:
    """Returns the seeds of a recipe's complete runs in a study's folder, sorted."""
    ends = (path.name.removeprefix(f"{recipe}-seed-") for path in pathlib.Path(folder).glob(f"{recipe}-seed-*"))
    return sorted(int(end) for end in ends if end.isdecimal())


def latest_unfinished(runs: str | os.PathLike, recipe: str) -> pathlib.Path:
    """Returns the folder of the latest unfinished run of a recipe, without the suffix `.unfinished`.

    Raises:
        InputError: there is no unfinished run.
    """
    folders = sorted(pathlib.Path(runs).glob(f"*{_UNFINISHED}"), key=lambda path: path.stat().st_mtime)
    for folder in reversed(folders):
        settings = read_settings(folder)
        if settings and settings["recipe"]["name"] == recipe:
            return folder.with_name(folder.name.removesuffix(_UNFINISHED))
    raise InputError(f"No unfinished run of {recipe} is in {runs}. Leave --resume out to start one.")


def is_complete(
    folder: str | os.PathLike,
    recipe: Recipe,
    digits: Digits,
    seed: int,
    class_weight: str | None = None,
    start: Mapping[str, Any] | None = None,
) -> bool:
    """Returns whether a folder holds the complete run of a recipe, dataset, seed, class weighting and initial weights.

    Args:
        start: `Start.settings`; None: random weights.

    Raises:
        InputError: the folder holds something else, or the run of another recipe, dataset, seed or initial weights.
    """
    if not pathlib.Path(folder).exists():
        return False
    there = read_run(folder)[0]
    # A field that the recipe did not have yet had no effect, like its default.
    there["recipe"] = {field.name: field.default for field in dataclasses.fields(Recipe)} | there["recipe"]
    settings = run_settings(recipe, digits, seed, class_weight=class_weight, **(start or {}))
    difference = first_difference(there, settings, _WITHOUT_EFFECT)
    if difference:
        raise InputError(
            f"{folder} already holds a run with other settings: {difference}. Choose another name, or move the folder."
        )
    return True


def is_tracked(folder: str | os.PathLike, tool: str) -> bool:
    """Returns whether a tool for experiment tracking has recorded the run of a folder, which is complete then."""
    path = pathlib.Path(folder) / TRACKING_FILE
    try:
        return path.exists() and read_json(path)["tool"] == tool
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise InputError(f"{path} is damaged ({error}). Delete it to track the run again.") from error


def recorded_threads(folder: str | os.PathLike) -> int:
    """Returns the number of threads of an unfinished run; 0 if there is none."""
    settings = read_settings(unfinished_folder(folder))
    return settings["training"]["threads"] if settings else 0


def read_run(folder: str | os.PathLike) -> tuple[dict[str, Any], dict[str, Any]]:
    """Returns config.json and report.json of a complete run.

    Raises:
        InputError: the folder is not that of a complete run.
    """
    folder = pathlib.Path(folder)
    try:
        config, report = (read_json(folder / name) for name in ("config.json", "report.json"))
        _check_fields(config, _CONFIG_FIELDS, "config.json")
        _check_fields(report, _REPORT_FIELDS, "report.json")
    except (OSError, ValueError) as error:
        hint = "The run is unfinished." if folder.name.endswith(_UNFINISHED) else str(error)
        raise InputError(
            f"{folder} is not the folder of a run: it must contain config.json, report.json and {MODEL_FILE}, as "
            f"scripts/train.py writes them. ({hint})"
        ) from error
    return config, report


_NUMBER = (int, float)
# Fields that are read, with their types.
_CONFIG_FIELDS: dict[str, Any] = {
    "recipe": {"name": str},
    "seed": int,
    "dataset": {"name": str, "sha256": str, "train_examples": int},
    "training": {},
    "flags": {},
    "date": str,
    "versions": {},
    "digest": str,
}
_REPORT_FIELDS: dict[str, Any] = {
    "recipe": str,
    "dataset": str,
    "parameters": int,
    "seconds": _NUMBER,
    "accuracy": _NUMBER,
    "examples": int,
    "correct": int,
    "loss": _NUMBER,
    "expected_calibration_error": _NUMBER,
    "confusion": list,
    "misclassified": list,
}


def _check_fields(content: Any, fields: Mapping[str, Any], where: str) -> None:
    """Raises ValueError unless a JSON object has these fields, of these types."""
    if not isinstance(content, Mapping):
        raise ValueError(f"{where} is no JSON object with the fields {', '.join(fields)}")
    for name, kind in fields.items():
        if name not in content:
            raise ValueError(f"{where} has no field {name!r}")
        value = content[name]
        if isinstance(kind, Mapping):
            _check_fields(value, kind, f"{name!r} in {where}")
        elif not isinstance(value, kind) or (isinstance(value, float) and not math.isfinite(value)):
            raise ValueError(f"the field {name!r} of {where} is {str(value)[:100]!r}")
