"""Figures of an evaluation: confusion matrix, reliability diagram, corrupted test images."""

from collections.abc import Mapping, Sequence
from typing import Any

import matplotlib
import numpy as np
from matplotlib.colors import ListedColormap
from matplotlib.figure import Figure
from matplotlib.ticker import MaxNLocator

from mnist_keras.data.digits import DIGIT_NAMES
from mnist_keras.evaluation.corruptions import CORRUPTIONS, corrupt
from mnist_keras.evaluation.metrics import most_confused
from mnist_keras.reports.style import DARK, MUTED, TEST, label_log_axis, legend_above, new_figure
from mnist_keras.reports.text import shorten

# More classes do not fit a readable confusion matrix.
_MAX_MATRIX_CLASSES = 60
# The lighter part of a color map, on which dark numbers are readable.
_REDS = ListedColormap(matplotlib.colormaps["Reds"](np.linspace(0, 0.7, 256)))
# Rows of the table in its place.
_MAX_CONFUSIONS = 30


def confusion_matrix(
    confusion: Sequence[Sequence[int]], title: str, class_names: Sequence[str] = DIGIT_NAMES
) -> Figure:
    """Draws a confusion matrix: counts of each label (row) and prediction (column). Only mistakes have a color.

    Of more than 60 classes it draws a table of the most frequent confusions instead.

    Args:
        confusion: `EvaluationReport.confusion`.
        title: the figure's title.
        class_names: the name of each class.
    """
    names = [shorten(name) for name in class_names]
    if len(names) > _MAX_MATRIX_CLASSES:
        return _confusions_table(confusion, title, names)
    counts = np.array(confusion)
    mistakes = counts - np.diag(counts.diagonal())
    side = max(6, 0.3 * len(counts))
    figure = new_figure(side, side + 0.8, title)
    axes = figure.subplots()
    colors = axes.imshow(mistakes, cmap=_REDS, vmin=0, vmax=max(1, mistakes.max()))
    legend = figure.colorbar(colors, ax=axes, location="bottom", shrink=0.6, aspect=40)
    legend.locator = MaxNLocator(5, integer=True)
    legend.set_label("misclassified images; correct ones (bold) have no color")
    fontsize = 10 if len(counts) <= 20 else 6
    for row, column in np.ndindex(counts.shape):
        if counts[row, column]:
            weight = "bold" if row == column else "normal"
            style: dict[str, Any] = dict(ha="center", va="center", fontsize=fontsize, weight=weight, color=DARK)
            axes.text(column, row, str(counts[row, column]), **style)
    classes = range(len(counts))
    axes.set_xticks(classes, names, rotation=90 if max(map(len, names)) > 2 else 0, parse_math=False)
    axes.set_yticks(classes, names, parse_math=False)
    axes.set_xlabel("predicted")
    axes.set_ylabel("label")
    return figure


def _confusions_table(confusion: Sequence[Sequence[int]], title: str, names: Sequence[str]) -> Figure:
    found = most_confused(confusion, _MAX_CONFUSIONS)
    rows = [[names[label], names[prediction], str(count)] for label, prediction, count in found]
    figure = new_figure(6, 0.21 * len(rows) + 1, f"{title}: the most frequent confusions")
    axes = figure.subplots()
    axes.set_axis_off()
    table = axes.table(rows or [["none", "", ""]], colLabels=["label", "predicted", "count"], loc="upper center")
    for cell in table.get_celld().values():
        cell.get_text().set_parse_math(False)
        cell.set_edgecolor(MUTED)
        cell.set_facecolor("none")
    return figure


_BINS = 10


def reliability_diagram(probabilities: np.ndarray, labels: np.ndarray, title: str) -> Figure:
    """Draws a reliability diagram: accuracy and number of predictions in ten bins of confidence.

    Args:
        probabilities: predicted, (examples, classes).
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
    reliability.bar(centers, accuracy, width=0.9 * 100 / _BINS, color=TEST)
    reliability.plot([0, 100], [0, 100], color=MUTED, linestyle=":", label="perfectly calibrated")
    reliability.set_ylabel("accuracy (%)")
    legend_above(reliability)
    histogram.bar(centers, counts[filled], width=0.9 * 100 / _BINS, color=TEST)
    histogram.set_yscale("log")
    label_log_axis(histogram.yaxis)
    histogram.set_ylabel("number of images")
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
        bars = bar.barh(0, 100 * accuracy, color=TEST)
        # Beside the bar, which may be short.
        bar.bar_label(bars, fmt="%.2f", padding=4, fontsize=9)
        bar.set(xlim=(0, 115), xticks=(), yticks=[0], yticklabels=[name])
        bar.spines[["top", "right", "bottom"]].set_visible(False)
    rows[0][1].set_title("test accuracy (%)", fontsize=9)
    return figure
