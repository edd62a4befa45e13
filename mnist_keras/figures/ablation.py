"""What each ingredient of a recipe buys."""

from collections.abc import Mapping, Sequence
from typing import Any

from matplotlib.figure import Figure
from matplotlib.ticker import FixedLocator, FuncFormatter

from mnist_keras.figures.canvas import MUTED, TEST, WRONG, new_figure

_TICKS = [sign * value for value in (0, 0.25, 0.5, 1, 2, 5, 10, 50) for sign in (-1, 1)]


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
        axes.text(1.01, place, f"{difference:+.2f}", transform=axes.get_yaxis_transform(), va="center", fontsize=9)
    spread = [value - whole["mean"] for value in whole["accuracies"]]
    axes.axvspan(min(spread), max(spread), color=MUTED, alpha=0.2, label=f"seeds of {whole['recipe']}")
    axes.axvline(0, color=MUTED)
    # What breaks a training would leave no room for what all others are worth.
    axes.set_xscale("symlog", linthresh=1)
    axes.xaxis.set_major_locator(FixedLocator(_TICKS))
    axes.xaxis.set_major_formatter(FuncFormatter(lambda value, _: f"{value:+g}" if value else "0"))
    names = [row["recipe"].removeprefix(f"{whole['recipe']}-").replace("-", " ").replace("_", " ") for row in variants]
    axes.set_yticks(range(len(variants)), names)
    axes.set_xlabel(f"accuracy less that of {whole['recipe']} ({whole['mean']:.2f} %), points")
    axes.grid(axis="x", alpha=0.3)
    axes.legend(loc="lower left", fontsize=8)
    return figure
