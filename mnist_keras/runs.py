"""A run's folder: what was trained, how it went, and the model."""

import dataclasses
import datetime
import json
import os
import pathlib
from collections.abc import Mapping
from typing import Any

from mnist_keras.digits import Digits
from mnist_keras.errors import InputError
from mnist_keras.evaluation import Report
from mnist_keras.history import write_rows
from mnist_keras.recipes import Augmentation, Recipe


def describe_run(recipe: Recipe, digits: Digits, seed: int, flags: Mapping[str, Any]) -> dict[str, Any]:
    """The config of a run, as JSON takes it. Needs TensorFlow."""
    from mnist_keras.environment import describe_environment

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


def write_run(folder: pathlib.Path, config: Mapping[str, Any], training: Any, report: Report) -> None:
    """Writes config.json, history.csv, model.keras and report.json, and steps.csv where steps were kept.

    Args:
        folder: an existing folder.
        config: from `describe_run`.
        training: a `training.Training`.
        report: the trained model on the test set.
    """
    write_json(folder / "config.json", config)
    write_rows(folder / "history.csv", training.history)
    if training.steps:
        write_rows(folder / "steps.csv", training.steps)
    training.model.save(folder / "model.keras")
    summary = {"seconds": training.seconds, "parameters": training.model.count_params()}
    write_json(folder / "report.json", {**summary, **report.to_dict()})


def read_run(folder: str | os.PathLike) -> tuple[dict[str, Any], dict[str, Any]]:
    """A run's config and report.

    Raises:
        InputError: the folder is no run's.
    """
    folder = pathlib.Path(folder)
    try:
        return tuple(json.loads((folder / name).read_text()) for name in ("config.json", "report.json"))
    except (OSError, ValueError) as error:
        raise InputError(
            f"{folder} is no run's folder: it must hold config.json, report.json and model.keras, as "
            f"scripts/train.py leaves them. ({error})"
        ) from error


def recipe_of(config: Mapping[str, Any]) -> Recipe:
    """The recipe that a run's config describes."""
    fields = dict(config["recipe"])
    if fields["augmentation"] is not None:
        fields["augmentation"] = Augmentation(**fields["augmentation"])
    return Recipe(**fields)


def write_json(path: pathlib.Path, content: Any) -> None:
    """Writes indented JSON."""
    path.write_text(json.dumps(content, indent=2) + "\n")
