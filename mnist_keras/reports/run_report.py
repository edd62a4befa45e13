"""One run on a page."""

import dataclasses
import statistics
from collections.abc import Mapping, Sequence
from typing import Any

import keras
import numpy as np
import tensorflow as tf
from matplotlib.figure import Figure

from mnist_keras.data import Digits
from mnist_keras.data.augmentation.config import Augmentation
from mnist_keras.data.augmentation.transforms import augment
from mnist_keras.evaluation.metrics import EvaluationReport
from mnist_keras.recipes.recipe import DESCRIPTIVE, Recipe
from mnist_keras.reports.curves import step_curves, training_curves
from mnist_keras.reports.digit_grids import augmentation_grid, least_certain_grid, misclassified_grid, prediction_grid
from mnist_keras.reports.evaluation_figures import confusion_matrix, reliability_diagram
from mnist_keras.reports.html import render
from mnist_keras.reports.style import new_figure

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
    drawn = config["recipe"].get("synthetic_examples", 0)
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


def run_figures(
    model: keras.Model,
    recipe: Recipe,
    digits: Digits,
    history: Sequence[Mapping[str, Any]],
    steps: Sequence[Mapping[str, Any]],
    probabilities: np.ndarray,
    report: EvaluationReport,
) -> dict[str, Figure]:
    """Curves, predictions, misclassified, least_certain, confusion, calibration and, where there is something to show,
    first_layer, steps and augmentation.

    Args:
        model: trained.
        history, steps: of the run's `RunHistory`.
        probabilities: of the test images, (examples, 10).
        report: the same, scored.
    """
    images, labels = digits.test_images, digits.test_labels
    title = f"{recipe.name} on {digits.name}: {report.correct}/{report.examples}, {report.accuracy:.2%}"
    target = recipe.published_accuracy if digits.name == "mnist" else None
    figures = {
        "curves": training_curves(history, title, target),
        "predictions": prediction_grid(images, labels, probabilities, 2, 3, title),
        "misclassified": misclassified_grid(images, labels, probabilities),
        "least_certain": least_certain_grid(images, labels, probabilities),
        "confusion": confusion_matrix(report.confusion, title),
        "calibration": reliability_diagram(probabilities, labels, title),
        "first_layer": first_layer_figure(model, images[0]),
        "steps": step_curves(steps, title) if steps else None,
        "augmentation": _augmentation(digits, recipe.augmentation) if recipe.augmentation else None,
    }
    return {name: figure for name, figure in figures.items() if figure is not None}


def _augmentation(digits: Digits, augmentation: Augmentation, columns: int = 7) -> Figure:
    present = np.unique(digits.train_labels)[:5]
    originals = np.stack([digits.train_images[digits.train_labels == digit][0] for digit in present])
    batch = tf.constant(originals[..., np.newaxis])
    augmented = [augment(batch, augmentation, (0, column)).numpy()[..., 0] for column in range(columns)]
    return augmentation_grid(originals, augmented)


# Filters that are shown at most.
_MOST = 16


def first_layer_figure(model: keras.Model, image: np.ndarray) -> Figure | None:
    """A column a filter: its weights above (red adds, blue takes away), what it answers to the digit below.

    Of a dense layer, the weights of each unit are a picture, and its answer is one number. None where the model has no
    such layer of its own, as an ensemble.

    Args:
        image: uint8 (28, 28).
    """
    layer = next((layer for layer in model.layers if hasattr(layer, "kernel")), None)
    if layer is None:
        return None
    kernel = layer.get_weights()[0]
    is_dense = kernel.ndim == 2
    kernel = kernel.reshape(28, 28, -1) if is_dense else kernel[:, :, 0]
    pixels = image[np.newaxis, ..., np.newaxis].astype(np.float32)
    answers = keras.ops.convert_to_numpy(keras.Model(model.input, layer.output)(pixels, training=False))[0]
    count = min(_MOST, kernel.shape[-1])
    figure = new_figure(max(5, 0.75 * count + 1), 2.6, f"The first layer, {layer.name}: weights and answers")
    cells = figure.subplots(2, count + 1, squeeze=False)
    for cell in cells.ravel():
        cell.set_axis_off()
    cells[1, 0].imshow(image, cmap="gray", vmin=0, vmax=255, interpolation="none")
    strongest = np.abs(kernel).max() or 1.0
    for number in range(count):
        weights = kernel[..., number]
        cells[0, number + 1].imshow(weights, cmap="bwr", vmin=-strongest, vmax=strongest, interpolation="none")
        below = cells[1, number + 1]
        if is_dense:
            below.text(0.5, 0.5, f"{answers[number]:.1f}", ha="center", va="center", fontsize=9)
        else:
            below.imshow(answers[..., number], cmap="gray", interpolation="none")
    return figure
