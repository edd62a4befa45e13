"""A run's folder: what was trained, how it went, and the model."""

import dataclasses
import datetime
import json
import os
import pathlib
from collections.abc import Mapping
from typing import Any

from mnist_keras.digits import Digits
from mnist_keras.environment import describe_environment
from mnist_keras.errors import InputError
from mnist_keras.evaluation import Report, score
from mnist_keras.figures.run import save_run_figures
from mnist_keras.folders import written_whole
from mnist_keras.history import write_rows
from mnist_keras.json_files import read_json, write_json
from mnist_keras.prediction import load_predictor
from mnist_keras.recipe import Recipe
from mnist_keras.training import Training

MODEL_FILE = "model.keras"


def save_run(
    folder: str | os.PathLike, training: Training, digits: Digits, flags: Mapping[str, Any] | None = None
) -> Report:
    """Writes a run's folder, whole or not at all, and scores the model as it was written.

    The folder holds config.json, history.csv (steps.csv where steps were kept), model.keras, report.json
    and figures/.

    Args:
        folder: does not exist yet.
        training: from `train`.
        digits: what it was trained on.
        flags: what the user asked for, kept in the config.

    Returns:
        The score of the saved and reloaded model on the test set.

    Raises:
        InputError: the folder exists.
    """
    with written_whole(pathlib.Path(folder)) as new:
        training.model.save(new / MODEL_FILE)
        probabilities = load_predictor(new / MODEL_FILE).predict(digits.test_images)
        report = score(probabilities, digits.test_labels)
        write_json(new / "config.json", describe_run(training.recipe, digits, training.seed, flags or {}))
        write_json(new / "report.json", _describe_result(training, digits, report))
        write_rows(new / "history.csv", training.history)
        if training.steps:
            write_rows(new / "steps.csv", training.steps)
        save_run_figures(
            new / "figures", training.recipe, digits, training.history, training.steps, probabilities, report
        )
    return report


def describe_run(recipe: Recipe, digits: Digits, seed: int, flags: Mapping[str, Any]) -> dict[str, Any]:
    """The config of a run: what it was told, on what data, by what code, where."""
    config = {
        "recipe": dataclasses.asdict(recipe),
        "seed": seed,
        "flags": dict(flags),
        "dataset": {
            "name": digits.name,
            "sha256": digits.checksum(),
            "train_examples": len(digits.train_images),
            "test_examples": len(digits.test_images),
        },
        "date": datetime.datetime.now(datetime.timezone.utc).isoformat(timespec="seconds"),
        **describe_environment(),
    }
    # As it will be read back: tuples are lists in JSON.
    return json.loads(json.dumps(config))


def read_run(folder: str | os.PathLike) -> tuple[dict[str, Any], dict[str, Any]]:
    """A run's config and report.

    Raises:
        InputError: the folder is no run's.
    """
    folder = pathlib.Path(folder)
    try:
        return tuple(read_json(folder / name) for name in ("config.json", "report.json"))
    except (OSError, ValueError) as error:
        raise InputError(
            f"{folder} is no run's folder: it must hold config.json, report.json and {MODEL_FILE}, as "
            f"scripts/train.py leaves them. ({error})"
        ) from error


def _describe_result(training: Training, digits: Digits, report: Report) -> dict[str, Any]:
    trainable = sum(variable.value.shape.num_elements() for variable in training.model.trainable_variables)
    return {
        "recipe": training.recipe.name,
        "dataset": digits.name,
        "parameters": trainable,
        "seconds": training.seconds,
        **report.to_dict(),
    }
