"""Accuracy under corruptions, with a digit to show each."""

from collections.abc import Mapping

import numpy as np
from matplotlib.figure import Figure

from mnist_keras.figures.canvas import TEST, new_figure
from mnist_keras.robustness import CORRUPTIONS, corrupt

_SHOWN = 6


def robustness_figure(accuracies: Mapping[str, float], images: np.ndarray, title: str) -> Figure:
    """A row a corruption: its first images, its name, its accuracy as a bar.

    Args:
        accuracies: of `accuracy_when_corrupted`.
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
