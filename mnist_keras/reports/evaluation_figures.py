"""Which digits are taken for which."""

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
from matplotlib.figure import Figure
from matplotlib.patches import Rectangle
from matplotlib.ticker import NullFormatter

from mnist_keras.evaluation.corruptions import CORRUPTIONS, corrupt
from mnist_keras.inference.images import DigitPrediction
from mnist_keras.inference.preprocessing.image_files import load_image
from mnist_keras.reports.style import DARK, MUTED, TEST, TRAIN, WRONG, new_figure


def confusion_matrix(confusion: list[list[int]], title: str) -> Figure:
    """Counts of label (rows) against prediction (columns); colour shows the mistakes alone.

    Args:
        confusion: `EvaluationReport.confusion`.
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
    axes.set_xlabel("prediction")
    axes.set_ylabel("label")
    return figure


_BINS = 10


def reliability_diagram(probabilities: np.ndarray, labels: np.ndarray, title: str) -> Figure:
    """How often answers of some confidence are right, and how many there are of them.

    Args:
        probabilities: (examples, 10).
        labels: integers (examples,).
        title: stands above.
    """
    confidence = probabilities.max(axis=1)
    hits = probabilities.argmax(axis=1) == labels
    bins = np.minimum((confidence * _BINS).astype(int), _BINS - 1)
    counts = np.bincount(bins, minlength=_BINS)
    filled = counts > 0
    right = 100 * np.bincount(bins, weights=hits, minlength=_BINS)[filled] / counts[filled]
    centres = 100 * (np.arange(_BINS) + 0.5)[filled] / _BINS
    figure = new_figure(9, 3.8, title)
    share, number = figure.subplots(1, 2)
    share.bar(centres, right, width=0.9 * 100 / _BINS, color=TRAIN)
    share.plot([0, 100], [0, 100], color=MUTED, linestyle=":", label="as sure as right")
    share.set_ylabel("right (%)")
    share.legend(loc="upper left")
    number.bar(centres, counts[filled], width=0.9 * 100 / _BINS, color=TEST)
    number.set_yscale("log")
    number.yaxis.set_minor_formatter(NullFormatter())
    number.set_ylabel("answers")
    for axes in (share, number):
        axes.set_xlim(0, 100)
        axes.set_xlabel("confidence (%)")
        axes.grid(alpha=0.3)
    return figure


_MOST = 20


def readings_table(readings: Sequence[DigitPrediction]) -> Figure:
    """A row for each of the first 20: the picture with the digit's box, the 28x28, the ten probabilities."""
    shown = readings[:_MOST]
    title = "Own pictures" + (f" (the first {_MOST} of {len(readings)})" if len(shown) < len(readings) else "")
    figure = new_figure(7, 1.6 * max(1, len(shown)) + 0.6, title)
    rows = figure.subplots(max(1, len(shown)), 3, squeeze=False, width_ratios=(1, 1, 2))
    for (photo, seen, bars), reading in zip(rows, shown, strict=False):
        _draw_photo(photo, reading)
        seen.imshow(reading.normalized.digit, cmap="gray", vmin=0, vmax=255)
        seen.set_axis_off()
        colours = [TEST if digit == reading.digit else MUTED for digit in range(10)]
        bars.bar(range(10), reading.probabilities, color=colours)
        bars.set(xticks=range(10), yticks=(), ylim=(0, 1))
        bars.spines[["top", "right", "left"]].set_visible(False)
        answer = "-" if reading.digit is None else f"{reading.digit} ({reading.probabilities.max():.0%})"
        bars.set_title("  ".join([answer, *reading.warnings]), fontsize=9, color=WRONG if reading.warnings else TEST)
    return figure


def _draw_photo(cell, reading: DigitPrediction) -> None:
    picture = load_image(reading.file)
    cell.imshow(picture[..., 0] if picture.shape[2] < 3 else picture, cmap="gray", vmin=0, vmax=255)
    top, left, bottom, right = reading.normalized.box
    cell.add_patch(Rectangle((left - 0.5, top - 0.5), right - left, bottom - top, fill=False, color=WRONG))
    cell.set_axis_off()
    cell.set_title(reading.file[-28:], fontsize=8)


_SHOWN = 6


def robustness_figure(accuracies: Mapping[str, float], images: np.ndarray, title: str) -> Figure:
    """A row a corruption: its first images, its name, its accuracy as a bar.

    Args:
        accuracies: of `corruption_accuracy`.
        images: uint8 (examples, 28, 28), the uncorrupted ones.
        title: stands above.
    """
    figure = new_figure(8, 0.55 * len(accuracies) + 0.8, title)
    rows = figure.subplots(len(accuracies), 2, squeeze=False, width_ratios=(1, 1))
    for (digits, bar), (name, accuracy) in zip(rows, accuracies.items(), strict=True):
        shown = images[:_SHOWN]
        digits.imshow(
            np.hstack(list(corrupt(shown, name) if name in CORRUPTIONS else shown)), cmap="gray", vmin=0, vmax=255
        )
        digits.set_axis_off()
        bar.barh(0, 100 * accuracy, color=TEST)
        bar.set(xlim=(0, 100), xticks=(), yticks=[0], yticklabels=[name])
        bar.spines[["top", "right", "bottom"]].set_visible(False)
        bar.text(2, 0, f"{100 * accuracy:.2f} %", color="white", va="center", fontsize=9)
    return figure
