"""Accuracy against recipe."""

from collections.abc import Mapping, Sequence
from typing import Any

from matplotlib.figure import Figure

from mnist_keras.figures.canvas import MUTED, TEST, new_figure


def accuracy_by_recipe(
    rows: Sequence[Mapping[str, Any]], title: str, limits: tuple[float, float] | None = None
) -> Figure:
    """Each seed's accuracy as a dot, their median as a line, the published figure as a diamond.

    Args:
        rows: of a study's table, with "recipe", "accuracies", "median" and "published", in percent.
        title: stands above.
        limits: of the accuracy axis, percent; None fits the points.
    """
    figure = new_figure(max(5, 0.75 * len(rows) + 2), 4.5, title)
    axes = figure.subplots()
    for place, row in enumerate(rows):
        accuracies = row["accuracies"]
        axes.plot([place] * len(accuracies), accuracies, "o", color=TEST, alpha=0.6, label="a seed")
        axes.hlines(row["median"], place - 0.25, place + 0.25, color=TEST, label="median")
        if row["published"] is not None:
            axes.plot(place, row["published"], "D", color=MUTED, fillstyle="none", label="published")
    axes.set_xticks(range(len(rows)), [row["recipe"] for row in rows], rotation=45, ha="right")
    axes.set_ylabel("test accuracy (%)")
    axes.grid(axis="y", alpha=0.3)
    if limits:
        axes.set_ylim(*limits)
    entries = dict(zip(*reversed(axes.get_legend_handles_labels()), strict=True))
    axes.legend(entries.values(), entries.keys(), loc="lower right")
    return figure
