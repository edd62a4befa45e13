"""Figures of an evaluation: confusion matrix, reliability diagram, predictions of own images, corrupted test images."""

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.patches import Rectangle
from matplotlib.ticker import NullFormatter

from mnist_keras.evaluation.corruptions import CORRUPTIONS, corrupt
from mnist_keras.inference.images import DigitPrediction
from mnist_keras.inference.preprocessing.image_files import load_image
from mnist_keras.reports.style import DARK, MUTED, TEST, TRAIN, WRONG, new_figure


def confusion_matrix(confusion: Sequence[Sequence[int]], title: str) -> Figure:
    """Draws a confusion matrix: counts of each label (row) and prediction (column). Only mistakes have a color.

    Args:
        confusion: `EvaluationReport.confusion`.
        title: the figure's title.
    """
    counts = np.array(confusion)
    mistakes = counts - np.diag(counts.diagonal())
    figure = new_figure(6, 6, title)
    axes = figure.subplots()
    axes.imshow(mistakes, cmap="Reds", vmin=0, vmax=max(1, mistakes.max()) * 1.4)
    for row, column in np.ndindex(counts.shape):
        if counts[row, column]:
            weight = "bold" if row == column else "normal"
            style: dict[str, Any] = dict(ha="center", va="center", fontsize=9, weight=weight, color=DARK)
            axes.text(column, row, str(counts[row, column]), **style)
    digits = range(len(counts))
    axes.set_xticks(digits)
    axes.set_yticks(digits)
    axes.set_xlabel("predicted")
    axes.set_ylabel("label")
    return figure


_BINS = 10


def reliability_diagram(probabilities: np.ndarray, labels: np.ndarray, title: str) -> Figure:
    """Draws a reliability diagram: accuracy and number of predictions in ten bins of confidence.

    Args:
        probabilities: predicted, (examples, 10).
        labels: integers (examples,).
        title: the figure's title.
    """
    confidence = probabilities.max(axis=1)
    is_correct = probabilities.argmax(axis=1) == labels
    bins = np.minimum((confidence * _BINS).astype(int), _BINS - 1)
    counts = np.bincount(bins, minlength=_BINS)
    filled = counts > 0
    accuracy = 100 * np.bincount(bins, weights=is_correct, minlength=_BINS)[filled] / counts[filled]
    centers = 100 * (np.arange(_BINS) + 0.5)[filled] / _BINS
    figure = new_figure(9, 3.8, title)
    reliability, histogram = figure.subplots(1, 2)
    reliability.bar(centers, accuracy, width=0.9 * 100 / _BINS, color=TRAIN)
    reliability.plot([0, 100], [0, 100], color=MUTED, linestyle=":", label="perfectly calibrated")
    reliability.set_ylabel("accuracy (%)")
    reliability.legend(loc="upper left")
    histogram.bar(centers, counts[filled], width=0.9 * 100 / _BINS, color=TEST)
    histogram.set_yscale("log")
    histogram.yaxis.set_minor_formatter(NullFormatter())
    histogram.set_ylabel("number of test images")
    for axes in (reliability, histogram):
        axes.set_xlim(0, 100)
        axes.set_xlabel("confidence (%)")
        axes.grid(alpha=0.3)
    return figure


_MAX_PREDICTIONS = 20


def predictions_figure(predictions: Sequence[DigitPrediction]) -> Figure:
    """Draws the first 20 predictions, one per row: image with the digit's box, 28x28 digit, probabilities."""
    shown = predictions[:_MAX_PREDICTIONS]
    count = f" (the first {len(shown)} of {len(predictions)})" if len(shown) < len(predictions) else ""
    figure = new_figure(7, 1.6 * max(1, len(shown)) + 0.6, f"Predictions{count}")
    rows = figure.subplots(max(1, len(shown)), 3, squeeze=False, width_ratios=(1, 1, 2))
    for (image, digit, bars), prediction in zip(rows, shown, strict=False):
        _draw_image(image, prediction)
        digit.imshow(prediction.normalized.digit, cmap="gray", vmin=0, vmax=255)
        digit.set_axis_off()
        colors = [TEST if value == prediction.digit else MUTED for value in range(10)]
        bars.bar(range(10), prediction.probabilities, color=colors)
        bars.set(xticks=range(10), yticks=(), ylim=(0, 1))
        bars.spines[["top", "right", "left"]].set_visible(False)
        answer = "-" if prediction.digit is None else f"{prediction.digit} ({prediction.probabilities.max():.0%})"
        color = WRONG if prediction.warnings else TEST
        bars.set_title("  ".join([answer, *prediction.warnings]), fontsize=9, color=color)
    return figure


def _draw_image(axes: Axes, prediction: DigitPrediction) -> None:
    image = load_image(prediction.file)
    axes.imshow(image[..., 0] if image.shape[2] < 3 else image, cmap="gray", vmin=0, vmax=255)
    top, left, bottom, right = prediction.normalized.box
    axes.add_patch(Rectangle((left - 0.5, top - 0.5), right - left, bottom - top, fill=False, color=WRONG))
    axes.set_axis_off()
    axes.set_title(prediction.file[-28:], fontsize=8, parse_math=False)


_IMAGES_PER_CORRUPTION = 6


def robustness_figure(accuracies: Mapping[str, float], images: np.ndarray, title: str) -> Figure:
    """Draws one corruption per row: six corrupted test images, its name, and the test accuracy as a bar.

    Args:
        accuracies: from `corruption_accuracy`, 0..1 by name of corruption.
        images: uint8 (examples, 28, 28), not corrupted.
        title: the figure's title.
    """
    figure = new_figure(8, 0.55 * len(accuracies) + 0.8, title)
    rows = figure.subplots(len(accuracies), 2, squeeze=False, width_ratios=(1, 1))
    for (digits, bar), (name, accuracy) in zip(rows, accuracies.items(), strict=True):
        shown = images[:_IMAGES_PER_CORRUPTION]
        corrupted = corrupt(shown, name) if name in CORRUPTIONS else shown
        digits.imshow(np.hstack(list(corrupted)), cmap="gray", vmin=0, vmax=255)
        digits.set_axis_off()
        bar.barh(0, 100 * accuracy, color=TEST)
        bar.set(xlim=(0, 100), xticks=(), yticks=[0], yticklabels=[name])
        bar.spines[["top", "right", "bottom"]].set_visible(False)
        bar.text(2, 0, f"{100 * accuracy:.2f} %", color="white", va="center", fontsize=9)
    rows[0][1].set_title("test accuracy", fontsize=9)
    return figure
