"""One run on a page."""

import dataclasses
import statistics
from collections.abc import Mapping, Sequence
from typing import Any

from matplotlib.figure import Figure

from mnist_keras.pages.rendering import render
from mnist_keras.recipe import Recipe
from mnist_keras.settings import DESCRIPTIVE

_PAIRS = 8


def run_page(
    config: Mapping[str, Any],
    report: Mapping[str, Any],
    history: Sequence[Mapping[str, Any]],
    figures: Mapping[str, Figure],
) -> str:
    """HTML of what was run, how it went, what is misread, and how to repeat it.

    Args:
        config, report: of the run's folder.
        history: a row an epoch.
        figures: by name: curves, confusion, calibration, misclassified, least_certain, and where there is something
            to show steps, first_layer and augmentation.
    """
    return render(
        "run.html",
        figures,
        config=config,
        recipe=config["recipe"],
        report=report,
        speed=_speed(config, history),
        pairs=most_confused(report["confusion"]),
        settings=_settings(config),
        environment=_environment(config),
    )


def most_confused(confusion: Sequence[Sequence[int]], most: int = _PAIRS) -> list[tuple[int, int, int]]:
    """Label, prediction and count of the most frequent mistakes."""
    mistakes = [
        (label, prediction, count)
        for label, row in enumerate(confusion)
        for prediction, count in enumerate(row)
        if count and label != prediction
    ]
    return sorted(mistakes, key=lambda mistake: -mistake[2])[:most]


def _speed(config: Mapping[str, Any], history: Sequence[Mapping[str, Any]]) -> dict[str, float] | None:
    seconds = statistics.median(row["seconds"] for row in history)
    if not seconds:
        return None
    drawn = config["recipe"].get("drawn", 0)
    return dict(seconds=seconds, images=(config["dataset"]["train_examples"] + drawn) / seconds)


def _settings(config: Mapping[str, Any]) -> dict[str, Any]:
    """What was told, but for fields of the recipe that say nothing."""
    usual = {field.name: field.default for field in dataclasses.fields(Recipe)}
    recipe = {
        name: _compact(value)
        for name, value in config["recipe"].items()
        if name not in ("name", *DESCRIPTIVE) and value not in (usual.get(name), {})
    }
    how = {name: value for name, value in config["training"].items() if name != "versions"}
    return {
        **recipe,
        "seed": config["seed"],
        "flags": " ".join(f"--{name}={value}" for name, value in config["flags"].items()) or "none",
        "dataset": f"{config['dataset']['name']}, sha256 {config['dataset']['sha256']}",
        **how,
        "digest": config["digest"],
    }


def _compact(value: Any) -> Any:
    """Of nested settings, those that are not nothing."""
    if not isinstance(value, Mapping):
        return value
    return ", ".join(f"{name}={inner}" for name, inner in value.items() if inner not in (0, [0, 0]))


def _environment(config: Mapping[str, Any]) -> dict[str, Any]:
    return {
        "date": config["date"],
        "platform": config["platform"],
        "processors": config["cpus"],
        "gpus": ", ".join(config["gpus"]) or "none",
        **config["versions"],
        "commit": config["git_commit"] or "unknown",
    }
