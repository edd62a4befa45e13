"""How a run went: loss and accuracy over its epochs or steps."""

from collections.abc import Mapping, Sequence
from typing import Any

from matplotlib.figure import Figure
from matplotlib.ticker import MaxNLocator

from mnist_keras.reports.style import MUTED, TEST, TRAIN, new_figure


def training_curves(history: Sequence[Mapping[str, Any]], title: str, target: float | None = None) -> Figure:
    """Loss and accuracy of training and test set after every epoch.

    Args:
        history: `RunHistory.epochs`.
        title: stands above.
        target: an accuracy in percent, drawn as a dotted line.
    """
    figure = new_figure(9, 3.8, title)
    loss, accuracy = figure.subplots(1, 2)
    epochs = [row["epoch"] for row in history]
    marker = "o" if len(epochs) < 3 else None
    for axes, key, factor in ((loss, "loss", 1), (accuracy, "accuracy", 100)):
        axes.plot(epochs, [row[key] * factor for row in history], color=TRAIN, marker=marker, label="training")
        axes.plot(epochs, [row[f"test_{key}"] * factor for row in history], color=TEST, marker=marker, label="test")
        axes.set_xlabel("epoch")
        axes.xaxis.set_major_locator(MaxNLocator(integer=True))
        axes.grid(alpha=0.3)
    loss.set_ylabel("loss (cross-entropy)")
    accuracy.set_ylabel("accuracy (%)")
    if target is not None:
        accuracy.axhline(target, color=MUTED, linestyle=":", label=f"published {target:g} %")
    accuracy.legend(loc="lower right")
    return figure


def step_curves(steps: Sequence[Mapping[str, Any]], title: str) -> Figure:
    """Loss and accuracy of every step's batch, and their running mean over 50 steps.

    Args:
        steps: `RunHistory.steps`.
    """
    figure = new_figure(9, 3.8, title)
    numbers = [row["step"] for row in steps]
    for axes, key, factor in zip(figure.subplots(1, 2), ("loss", "accuracy"), (1, 100), strict=True):
        values = [row[key] * factor for row in steps]
        windows = [values[max(0, end - 50) : end] for end in range(1, len(values) + 1)]
        axes.plot(numbers, values, color=TRAIN, linewidth=0.5, alpha=0.6, label="a batch")
        axes.plot(numbers, [sum(window) / len(window) for window in windows], color=TEST, label="mean of 50")
        axes.set_xlabel("step")
        axes.set_ylabel("training loss" if key == "loss" else "training accuracy (%)")
        axes.grid(alpha=0.3)
        axes.legend()
    return figure
