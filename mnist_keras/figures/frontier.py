"""Accuracy against size, beside what others have published."""

from collections.abc import Mapping, Sequence
from typing import Any

from matplotlib.figure import Figure
from matplotlib.ticker import FuncFormatter

from mnist_keras.figures.canvas import MUTED, TEST, new_figure

# Parameters, accuracy in percent, whose; the means of several seeds, and single or chosen runs.
_MEANS = ((326_000, 99.641, "Deotte, mean of 1,500"), (4_890_000, 99.745, "15 of these averaged"))
_SINGLE = (
    (697, 99.03, "best of 700, by the test set"),
    (4_862, 99.07, "one run"),
    (9_142, 99.41, "one run"),
    (12_364, 99.48, "one run"),
    (34_826, 98.36, "one run"),
    (1_111_946, 99.23, "one run"),
    (5_100_000, 99.87, "An et al., vote of 3, chosen by the test set"),
)


def error_by_parameters(rows: Sequence[Mapping[str, Any]], title: str) -> Figure:
    """Mean test error of each recipe and the range of its seeds against its parameters, both on logarithmic axes.

    Args:
        rows: of a study's table, with "recipe", "parameters", "mean", "min" and "max", in percent.
        title: stands above.
    """
    figure = new_figure(9, 5.5, title)
    axes = figure.subplots()
    for points, marker, label in (
        (_MEANS, "D", "published, mean over seeds"),
        (_SINGLE, "x", "published, one or a chosen run"),
    ):
        parameters, accuracies, names = zip(*points, strict=True)
        axes.plot(parameters, [100 - a for a in accuracies], marker, color=MUTED, label=label)
        for x, accuracy, name in points:
            # The largest have no room to their right.
            side, offset = ("right", -5) if x > 2e6 else ("left", 5)
            place: dict[str, Any] = dict(xytext=(offset, 4), textcoords="offset points", ha=side)
            axes.annotate(name, (x, 100 - accuracy), **place, fontsize=7, color=MUTED)
    for index, row in enumerate(rows):
        x = row["parameters"]
        beside = sum(other["parameters"] == x for other in rows[:index])
        axes.vlines(x, 100 - row["max"], 100 - row["min"], color=TEST, linewidth=1.5)
        axes.plot(x, 100 - row["mean"], "o", color=TEST, label="this package, mean and range over seeds")
        # To the left: the next larger one is often as accurate, and near.
        place = dict(xytext=(-6, 13 * beside - 10), textcoords="offset points", ha="right")
        axes.annotate(row["recipe"], (x, 100 - row["mean"]), **place, fontsize=9, color=TEST)
    axes.set_xscale("log")
    axes.set_yscale("log")
    axes.yaxis.set_major_formatter(FuncFormatter(lambda value, _: f"{value:g}"))
    axes.yaxis.set_minor_formatter(FuncFormatter(lambda value, _: f"{value:g}"))
    axes.set_xlabel("trainable parameters")
    axes.set_ylabel("test error (%)")
    axes.grid(alpha=0.3, which="both")
    entries = dict(zip(*reversed(axes.get_legend_handles_labels()), strict=True))
    axes.legend(entries.values(), entries.keys(), loc="upper right", fontsize=8)
    return figure
