"""Learning curves: loss and accuracy per epoch and per step."""

from collections.abc import Mapping, Sequence
from typing import Any

from matplotlib.figure import Figure
from matplotlib.ticker import MaxNLocator

from mnist_keras.reports.style import MUTED, TEST, TRAIN, legend_above, new_figure

# Steps in the running mean of `step_curves`, chosen by eye.
_WINDOW = 50


def training_curves(history: Sequence[Mapping[str, Any]], title: str, published: float | None = None) -> Figure:
    """Draws training and test loss, and training and test accuracy, per epoch.

    Args:
        history: `RunHistory.epochs`, one row per epoch.
        title: the figure's title.
        published: published test accuracy in percent, drawn as a dotted line; None draws none.
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
    if published is not None:
        accuracy.axhline(published, color=MUTED, linestyle=":", label=f"published test accuracy, {published:g} %")
    legend_above(loss)
    legend_above(accuracy)
    return figure


def step_curves(steps: Sequence[Mapping[str, Any]], title: str) -> Figure:
    """Draws training loss and accuracy per step, with their running means over 50 steps.

    Args:
        steps: `RunHistory.steps`, one row per step.
        title: the figure's title.
    """
    figure = new_figure(9, 3.8, title)
    numbers = [row["step"] for row in steps]
    for axes, key, factor in zip(figure.subplots(1, 2), ("loss", "accuracy"), (1, 100), strict=True):
        values = [row[key] * factor for row in steps]
        windows = [values[max(0, end - _WINDOW) : end] for end in range(1, len(values) + 1)]
        means = [sum(window) / len(window) for window in windows]
        axes.plot(numbers, values, color=TRAIN, linewidth=0.5, alpha=0.4, label="one batch")
        axes.plot(numbers, means, color=TRAIN, label=f"mean of {_WINDOW} steps")
        axes.set_xlabel("step")
        axes.set_ylabel("training loss (cross-entropy)" if key == "loss" else "training accuracy (%)")
        axes.grid(alpha=0.3)
        legend_above(axes)
    return figure
