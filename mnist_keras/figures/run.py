"""The figures of one run, each in a file of its own."""

import pathlib
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import tensorflow as tf

from mnist_keras.augment import augment
from mnist_keras.augmentation import Augmentation
from mnist_keras.digits import Digits
from mnist_keras.evaluation import Report
from mnist_keras.figures.canvas import save_figure
from mnist_keras.figures.confusion import confusion_matrix
from mnist_keras.figures.curves import step_curves, training_curves
from mnist_keras.figures.digit_grids import augmentation_grid, misclassified_grid, prediction_grid
from mnist_keras.recipe import Recipe


def save_run_figures(
    folder: pathlib.Path,
    recipe: Recipe,
    digits: Digits,
    history: Sequence[Mapping[str, Any]],
    steps: Sequence[Mapping[str, Any]],
    probabilities: np.ndarray,
    report: Report,
) -> None:
    """Writes curves.png, predictions.png, misclassified.png, confusion.png and, where there is something
    to show, steps.png and augmentation.png.

    Args:
        folder: is made.
        history, steps: of the run's `History`.
        probabilities: of the test images, (examples, 10).
        report: the same, scored.
    """
    folder.mkdir()
    images, labels = digits.test_images, digits.test_labels
    title = f"{recipe.name} on {digits.name}: {report.correct}/{report.examples}, {report.accuracy:.2%}"
    target = recipe.published if digits.name == "mnist" else None
    figures = {
        "curves": training_curves(history, title, target),
        "predictions": prediction_grid(images, labels, probabilities, 2, 3, title),
        "misclassified": misclassified_grid(images, labels, probabilities),
        "confusion": confusion_matrix(report.confusion, title),
    }
    if steps:
        figures["steps"] = step_curves(steps, title)
    if recipe.augmentation is not None:
        figures["augmentation"] = _augmentation(digits, recipe.augmentation)
    for name, figure in figures.items():
        save_figure(figure, folder / f"{name}.png")


def _augmentation(digits: Digits, augmentation: Augmentation, columns: int = 7):
    present = np.unique(digits.train_labels)[:5]
    originals = np.stack([digits.train_images[digits.train_labels == digit][0] for digit in present])
    batch = tf.constant(originals[..., np.newaxis])
    augmented = [augment(batch, augmentation, (0, column)).numpy()[..., 0] for column in range(columns)]
    return augmentation_grid(originals, augmented)
