"""Learning curves: loss and accuracy per epoch and per step, loss per learning rate, kernels per epoch."""

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
from matplotlib.figure import Figure
from matplotlib.ticker import MaxNLocator

from mnist_keras.reports.style import MUTED, TEST, TRAIN, WRONG, legend_above, new_figure

# Steps in the running mean of `step_curves`, chosen by eye.
_WINDOW = 50


def training_curves(
    history: Sequence[Mapping[str, Any]], title: str, published: float | None = None, kind: str = "test"
) -> Figure:
    """Draws training and test (or validation) loss, and training and test accuracy, per epoch.

    Args:
        history: `RunHistory.epochs`, one row per epoch.
        title: the figure's title.
        published: published test accuracy in percent, drawn as a dotted line; None draws none.
        kind: of the images beside the training images: "test" or "validation".
    """
    figure = new_figure(9, 3.8, title)
    loss, accuracy = figure.subplots(1, 2)
    epochs = [row["epoch"] for row in history]
    marker = "o" if len(epochs) < 3 else None
    for axes, key, factor in ((loss, "loss", 1), (accuracy, "accuracy", 100)):
        axes.plot(epochs, [row[key] * factor for row in history], color=TRAIN, marker=marker, label="training")
        axes.plot(epochs, [row[f"test_{key}"] * factor for row in history], color=TEST, marker=marker, label=kind)
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


def learning_rate_curve(
    learning_rates: np.ndarray, losses: np.ndarray, smoothed: np.ndarray, suggestion: float, title: str
) -> Figure:
    """Draws the training loss of a learning-rate range test against the learning rate.

    Args:
        learning_rates: floats (steps,).
        losses: floats (steps,), of one batch each.
        smoothed: floats (steps,), their moving average.
        suggestion: the learning rate that is marked.
        title: the figure's title.
    """
    figure = new_figure(7, 4.2, title)
    axes = figure.subplots()
    axes.plot(learning_rates, losses, color=TRAIN, linewidth=0.7, alpha=0.7, label="one batch")
    axes.plot(learning_rates, smoothed, color=TEST, label="moving average")
    axes.axvline(suggestion, color=WRONG, linestyle="--", label=f"suggested learning rate, {suggestion:.2g}")
    # Single batches of a training that diverges would hide the rest.
    low, high = smoothed.min(), smoothed[: max(1, len(smoothed) // 10)].max()
    axes.set(xscale="log", ylim=(0.9 * min(low, losses.min()), 1.5 * high))
    axes.set(xlabel="learning rate", ylabel="training loss (cross-entropy)")
    axes.grid(alpha=0.3)
    axes.legend()
    return figure


# Maximum number of rows of `kernels_figure`.
_MAX_ROWS = 8


def kernels_figure(kernels: Sequence[np.ndarray], epochs: Sequence[int], title: str) -> Figure:
    """Draws the kernels of the first layer, one column per kernel, one row per epoch: red positive, blue negative.

    Of more than 8 recordings it draws the first, the last and others between them, denser at the beginning.

    Args:
        kernels: `KernelRecorder.kernels`.
        epochs: `KernelRecorder.epochs`.
        title: the figure's title.
    """
    rows = list(range(len(kernels)))
    if len(kernels) > _MAX_ROWS:
        rows = sorted({0, *np.geomspace(1, len(kernels) - 1, _MAX_ROWS - 1).round().astype(int).tolist()})
    columns = len(kernels[0])
    # In inches, of a kernel.
    side = min(0.75, 9 / columns)
    figure = new_figure(max(5, side * columns + 2), side * len(rows) + 0.6, title)
    limit = max(float(np.abs(kernel).max()) for kernel in kernels) or 1.0
    cells = figure.subplots(len(rows), columns, squeeze=False)
    for line, row in zip(cells, rows, strict=True):
        for cell, kernel in zip(line, kernels[row], strict=True):
            drawn = cell.imshow(kernel, cmap="RdBu_r", vmin=-limit, vmax=limit, interpolation="none")
            cell.set(xticks=(), yticks=())
        label = f"epoch {epochs[row]}" if epochs[row] else "before training"
        line[0].set_ylabel(label, rotation=0, ha="right", va="center", fontsize=9)
    figure.colorbar(drawn, ax=cells, fraction=0.02, pad=0.01, label="weight")
    return figure
