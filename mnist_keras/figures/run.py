"""The figures of one run."""

from collections.abc import Mapping, Sequence
from typing import Any

import keras
import numpy as np
import tensorflow as tf
from matplotlib.figure import Figure

from mnist_keras.augment import augment
from mnist_keras.augmentation import Augmentation
from mnist_keras.digits import Digits
from mnist_keras.evaluation import Report
from mnist_keras.figures.calibration import reliability_diagram
from mnist_keras.figures.confusion import confusion_matrix
from mnist_keras.figures.curves import step_curves, training_curves
from mnist_keras.figures.digit_grids import (
    augmentation_grid,
    least_certain_grid,
    misclassified_grid,
    prediction_grid,
)
from mnist_keras.figures.first_layer import first_layer_figure
from mnist_keras.recipe import Recipe


def run_figures(
    model: keras.Model,
    recipe: Recipe,
    digits: Digits,
    history: Sequence[Mapping[str, Any]],
    steps: Sequence[Mapping[str, Any]],
    probabilities: np.ndarray,
    report: Report,
) -> dict[str, Figure]:
    """Curves, predictions, misclassified, least_certain, confusion, calibration and, where there is something to show,
    first_layer, steps and augmentation.

    Args:
        model: trained.
        history, steps: of the run's `History`.
        probabilities: of the test images, (examples, 10).
        report: the same, scored.
    """
    images, labels = digits.test_images, digits.test_labels
    title = f"{recipe.name} on {digits.name}: {report.correct}/{report.examples}, {report.accuracy:.2%}"
    target = recipe.published if digits.name == "mnist" else None
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
