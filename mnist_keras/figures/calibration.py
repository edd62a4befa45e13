"""Whether probabilities can be believed."""

import numpy as np
from matplotlib.figure import Figure
from matplotlib.ticker import NullFormatter

from mnist_keras.figures.canvas import MUTED, TEST, TRAIN, new_figure

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
