"""The report of a run: all its figures and its HTML page."""

import dataclasses
import json
import shlex
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
from mnist_keras.data.digits import DIGIT_NAMES, kind_of_test_set
from mnist_keras.evaluation.metrics import EvaluationReport, most_confused
from mnist_keras.recipes.recipe import DESCRIPTIVE, Recipe
from mnist_keras.recipes.registry import comparable_published_accuracy
from mnist_keras.reports.curves import step_curves, training_curves
from mnist_keras.reports.digit_grids import (
    augmentation_grid,
    changed_grid,
    least_confident_grid,
    misclassified_grid,
    prediction_grid,
)
from mnist_keras.reports.evaluation_figures import confusion_matrix, reliability_diagram
from mnist_keras.reports.html import render
from mnist_keras.reports.style import new_figure


def run_page(
    config: Mapping[str, Any],
    report: Mapping[str, Any],
    history: Sequence[Mapping[str, Any]],
    figures: Mapping[str, Figure],
) -> str:
    """Returns the HTML page of a run: metrics, figures, settings and environment.

    Args:
        config: of the run's config.json.
        report: of the run's report.json.
        history: `RunHistory.epochs`, one row per epoch.
        figures: from `run_figures`.
    """
    return render(
        "run.html",
        figures,
        config=config,
        recipe=config["recipe"],
        report=report,
        speed=_speed(config, history),
        pairs=_confused_names(report),
        hyperparameters=_hyperparameters(config["recipe"]),
        kind=kind_of_test_set(config["dataset"]["name"]),
        command=_command(config),
        settings=_settings(config),
        environment=_environment(config),
        of_digits="class_names" not in report,
    )


def _confused_names(report: Mapping[str, Any]) -> list[tuple[str, str, int]]:
    names = report.get("class_names", DIGIT_NAMES)
    return [(names[label], names[prediction], count) for label, prediction, count in most_confused(report["confusion"])]


def _speed(config: Mapping[str, Any], history: Sequence[Mapping[str, Any]]) -> dict[str, float] | None:
    """Returns the median seconds per epoch and the training images per second."""
    seconds = statistics.median(row["seconds"] for row in history)
    if not seconds:
        return None
    images = config["dataset"]["train_examples"] + config["recipe"].get("synthetic_examples", 0)
    return dict(seconds=seconds, images=images / seconds)


# Fields of a recipe that are always shown, and the one that belongs to an optimizer.
_SHOWN = ("optimizer", "learning_rate", "schedule", "batch_size", "epochs")
_OF_OPTIMIZER = {"sgd": "momentum", "adamw": "weight_decay"}


def _hyperparameters(recipe: Mapping[str, Any]) -> dict[str, Any]:
    """Returns the recipe's optimizer with its settings, and all other fields that do not have their defaults."""
    defaults = {field.name: field.default for field in dataclasses.fields(Recipe)}
    shown = (*_SHOWN, _OF_OPTIMIZER.get(recipe.get("optimizer", "")))
    return {
        name.replace("_", " "): _nested(name, value)
        for name, value in recipe.items()
        if name in shown or (name not in ("name", *DESCRIPTIVE) and value not in (defaults.get(name), {}))
    }


def _command(config: Mapping[str, Any]) -> str:
    """Returns the command that trained the run; empty if no command line is recorded."""
    given = [f"--{name}={value}" for name, value in config["flags"].items()]
    return " \\\n  ".join(["python scripts/train.py", *map(shlex.quote, given)]) if given else ""


def _settings(config: Mapping[str, Any]) -> dict[str, Any]:
    """Returns seed, dataset, digest and the options of the training."""
    training = {name: value for name, value in config["training"].items() if name != "versions"}
    dataset = f"{config['dataset']['name']}, SHA-256 {config['dataset']['sha256']}"
    settings = {"dataset": dataset, "seed": config["seed"], **training, "digest": config["digest"]}
    return {name.replace("_", " "): value for name, value in settings.items()}


def _nested(name: str, value: Any) -> Any:
    """Formats nested settings as "name=value, ...". Those of an augmentation that have no effect are left out."""
    if name == "batch_size" and value == 0:
        return "whole training set"
    if not isinstance(value, Mapping):
        return value
    unused = json.loads(json.dumps(dataclasses.asdict(Augmentation()))) if name == "augmentation" else {}
    return ", ".join(f"{key}={inner}" for key, inner in value.items() if inner != unused.get(key))


def _environment(config: Mapping[str, Any]) -> dict[str, Any]:
    return {
        "date": config["date"],
        "platform": config["platform"],
        "CPU cores": config["cpus"],
        "GPUs": ", ".join(config["gpus"]) or "none",
        **config["versions"],
        "commit": config["git_commit"] or "unknown",
    }


@dataclasses.dataclass(frozen=True)
class RunResults:
    """The results of one run that its figures show."""

    #: The trained model.
    model: keras.Model
    recipe: Recipe
    #: The training set and the test set of the run.
    digits: Digits
    #: One row per epoch, see `RunHistory.epochs`.
    history: Sequence[Mapping[str, Any]]
    #: One row per step, see `RunHistory.steps`; empty if the run kept none.
    steps: Sequence[Mapping[str, Any]]
    #: Predicted probabilities of the test images, float32 (examples, classes).
    probabilities: np.ndarray
    #: Metrics of `probabilities` against the test labels.
    report: EvaluationReport
    #: Predicted classes of the test images by the initial model, integers (examples,); or None.
    before: np.ndarray | None = None


def run_figures(results: RunResults) -> dict[str, Figure]:
    """Draws all figures of a run.

    Returns:
        Figures by name: curves, predictions, misclassified, least_confident, confusion, calibration, and, if the run
        has them, changed (an initial model of the same classes), first_layer (a first layer with a kernel), steps (rows
        per step) and augmentation.
    """
    digits, recipe, report = results.digits, results.recipe, results.report
    images, labels, probabilities = digits.test_images, digits.test_labels, results.probabilities
    name, names = f"{recipe.name} on {digits.name}", digits.class_names
    kind = kind_of_test_set(digits.name)
    title = f"{name}: {kind} accuracy {report.accuracy:.2%} ({report.correct}/{report.examples})"
    # A fine-tuned model had another start than the published one.
    is_from_scratch = results.before is None
    published = comparable_published_accuracy(recipe, digits.name, len(digits.train_labels))
    figures = {
        "curves": training_curves(results.history, title, published if is_from_scratch else None, kind),
        "predictions": prediction_grid(images, labels, probabilities, 2, 3, name, class_names=names),
        "changed": _changed_figure(results),
        "misclassified": misclassified_grid(images, labels, probabilities, class_names=names),
        "least_confident": least_confident_grid(images, labels, probabilities, class_names=names),
        "confusion": confusion_matrix(report.confusion, f"Confusion matrix of {name}", names),
        "calibration": reliability_diagram(probabilities, labels, f"Reliability diagram of {name}"),
        "first_layer": first_layer_figure(results.model, images[0]),
        "steps": step_curves(results.steps, f"{name}: training steps") if results.steps else None,
        "augmentation": _augmentation_figure(digits, recipe.augmentation) if recipe.augmentation else None,
    }
    return {name: figure for name, figure in figures.items() if figure is not None}


def _changed_figure(results: RunResults) -> Figure | None:
    if results.before is None:
        return None
    digits, after = results.digits, results.probabilities.argmax(axis=1)
    return changed_grid(digits.test_images, digits.test_labels, results.before, after, class_names=digits.class_names)


def _augmentation_figure(digits: Digits, augmentation: Augmentation, columns: int = 7) -> Figure:
    present = np.unique(digits.train_labels)[:5]
    originals = np.stack([digits.train_images[digits.train_labels == digit][0] for digit in present])
    batch = tf.constant(originals[..., np.newaxis])
    augmented = [augment(batch, augmentation, (0, column)).numpy()[..., 0] for column in range(columns)]
    return augmentation_grid(originals, augmented)


_MAX_FILTERS, _FILTERS_PER_ROW = 16, 8


def first_layer_figure(model: keras.Model, image: np.ndarray) -> Figure | None:
    """Draws filters of the first layer, eight per row: weights (red positive, blue negative) above the output.

    A unit of a dense layer has a 28x28 image of weights and one number as its output.

    Args:
        model: from pixels (batch, 28, 28, 1) to logits.
        image: uint8 (28, 28), the input of the outputs.

    Returns:
        The figure, or None if no layer of the model itself has a kernel, as in an ensemble.
    """
    layer = next((layer for layer in model.layers if hasattr(layer, "kernel")), None)
    if layer is None:
        return None
    kernel = layer.get_weights()[0]
    is_dense = kernel.ndim == 2
    kernel = kernel.reshape(28, 28, -1) if is_dense else kernel[:, :, 0]
    pixels = image[np.newaxis, ..., np.newaxis].astype(np.float32)
    outputs = keras.ops.convert_to_numpy(keras.Model(model.input, layer.output)(pixels, training=False))[0]
    count = min(_MAX_FILTERS, kernel.shape[-1])
    bands, columns = -(-count // _FILTERS_PER_ROW), min(count, _FILTERS_PER_ROW)
    title = f"{layer.name}: weights (red positive, blue negative), outputs below"
    figure = new_figure(columns + 1, 2 * bands + 0.6, title)
    cells = figure.subplots(2 * bands, columns + 1, squeeze=False)
    for cell in cells.ravel():
        cell.set_axis_off()
    cells[1, 0].imshow(image, cmap="gray", vmin=0, vmax=255, interpolation="none")
    limit = np.abs(kernel).max() or 1.0
    for index in range(count):
        band, column = divmod(index, _FILTERS_PER_ROW)
        weights, output = cells[2 * band : 2 * band + 2, column + 1]
        weights.imshow(kernel[..., index], cmap="bwr", vmin=-limit, vmax=limit, interpolation="none")
        if is_dense:
            output.text(0.5, 0.5, f"{outputs[index]:.1f}", ha="center", va="center", fontsize=9)
        else:
            output.imshow(outputs[..., index], cmap="gray", interpolation="none")
    return figure
