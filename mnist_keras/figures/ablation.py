"""What each ingredient of a recipe buys."""

from collections.abc import Mapping, Sequence
from typing import Any

from matplotlib.figure import Figure

from mnist_keras.figures.canvas import MUTED, TEST, WRONG, new_figure


def ablation_figure(rows: Sequence[Mapping[str, Any]], title: str) -> Figure:
    """The accuracy that is lost or gained without each ingredient, worst first.

    Args:
        rows: of a study's table; the first is the whole recipe, the others are variants of it.
        title: stands above.
    """
    whole, *variants = rows
    variants = sorted(variants, key=lambda row: row["mean"], reverse=True)
    figure = new_figure(8, 0.45 * len(variants) + 1.8, title)
    axes = figure.subplots()
    for place, row in enumerate(variants):
        difference = row["mean"] - whole["mean"]
        axes.barh(place, difference, color=WRONG if difference < 0 else TEST, alpha=0.35)
        axes.plot([value - whole["mean"] for value in row["accuracies"]], [place] * row["seeds"], "o", color=TEST)
    spread = [value - whole["mean"] for value in whole["accuracies"]]
    axes.axvspan(min(spread), max(spread), color=MUTED, alpha=0.2, label=f"seeds of {whole['recipe']}")
    axes.axvline(0, color=MUTED)
    names = [row["recipe"].removeprefix(f"{whole['recipe']}-").replace("-", " ").replace("_", " ") for row in variants]
    axes.set_yticks(range(len(variants)), names)
    axes.set_xlabel(f"accuracy less that of {whole['recipe']} ({whole['mean']:.2f} %), points")
    axes.grid(axis="x", alpha=0.3)
    axes.legend(loc="lower left", fontsize=8)
    return figure
