"""Which digits are taken for which."""

from typing import Any

import numpy as np
from matplotlib.figure import Figure

from mnist_keras.figures.canvas import DARK, new_figure


def confusion_matrix(confusion: list[list[int]], title: str) -> Figure:
    """Counts of label (rows) against prediction (columns); colour shows the mistakes alone.

    Args:
        confusion: `Report.confusion`.
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
