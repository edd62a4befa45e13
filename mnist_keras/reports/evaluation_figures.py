"""Figures of an evaluation: confusion matrix, reliability diagram, corrupted test images."""

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
from matplotlib.figure import Figure
from matplotlib.ticker import NullFormatter

from mnist_keras.evaluation.corruptions import CORRUPTIONS, corrupt
from mnist_keras.reports.style import DARK, MUTED, TEST, TRAIN, new_figure


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
