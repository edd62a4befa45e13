"""Figures of a study: test accuracy per recipe, test error against parameters, ablation."""

from collections.abc import Mapping, Sequence
from typing import Any

from matplotlib.figure import Figure
from matplotlib.ticker import FixedLocator, FuncFormatter

from mnist_keras.reports.style import MUTED, TEST, WRONG, label_log_axis, legend_above, new_figure


def accuracy_by_recipe(
    rows: Sequence[Mapping[str, Any]], title: str, kind: str, limits: tuple[float, float] | None = None
) -> Figure:
    """Draws the accuracy of each seed (dot), their median (line) and the published accuracy (diamond) per recipe.

    Args:
        rows: of a study's table, with "recipe", "accuracies", "median" and "published_accuracy", in percent.
        title: the figure's title.
        kind: of the images: "test" or "validation".
        limits: minimum and maximum of the accuracy axis in percent; None fits the points.
    """
    figure = new_figure(max(5, 0.75 * len(rows) + 2), 4.5, title)
    axes = figure.subplots()
    for place, row in enumerate(rows):
        accuracies = row["accuracies"]
        axes.plot([place] * len(accuracies), accuracies, "o", color=TEST, alpha=0.6, label="one seed")
        axes.hlines(row["median"], place - 0.25, place + 0.25, color=TEST, label="median")
        if row["published_accuracy"] is not None:
            axes.plot(place, row["published_accuracy"], "D", color=MUTED, fillstyle="none", label="published")
    axes.set_xticks(range(len(rows)), [row["recipe"] for row in rows], rotation=45, ha="right")
    axes.set_ylabel(f"{kind} accuracy (%)")
    axes.grid(axis="y", alpha=0.3)
    if limits:
        axes.set_ylim(*limits)
    legend_above(axes)
    return figure


# Published results: parameters, test accuracy in percent, and a name unless it is that of one run.
_MEANS = ((326_000, 99.641, "Deotte, mean of 1,500"), (4_890_000, 99.745, "ensemble of 15"))
_SINGLE = (
    (697, 99.03, "best of 700"),
    (4_862, 99.07, ""),
    (9_142, 99.41, ""),
    (12_364, 99.48, ""),
    (34_826, 98.36, ""),
    (1_111_946, 99.23, ""),
    (5_100_000, 99.87, "An et al., vote of 3, chosen on the test set"),
)


def error_by_parameters(rows: Sequence[Mapping[str, Any]], title: str, kind: str, published: bool) -> Figure:
    """Draws mean error against trainable parameters, with the range over seeds, both axes logarithmic.

    Args:
        rows: of a study's table, with "recipe", "parameters", and "mean", "min" and "max" in percent.
        title: the figure's title.
        kind: of the images: "test" or "validation".
        published: whether to draw published results too, which are of MNIST's test set after training on all of MNIST.
    """
    figure = new_figure(8, 5, title)
    axes = figure.subplots()
    published_points = (
        (_MEANS, "D", "published, mean over seeds"),
        (_SINGLE, "x", "published, single or selected run"),
    )
    for points, marker, label in published_points if published else ():
        parameters, accuracies, names = zip(*points, strict=True)
        axes.plot(parameters, [100 - a for a in accuracies], marker, color=MUTED, label=label)
        for x, accuracy, name in points:
            # The names of the largest networks would cross the right edge.
            side, offset = ("right", -5) if x > 2e6 else ("left", 5)
            place: dict[str, Any] = dict(xytext=(offset, 4), textcoords="offset points", ha=side)
            axes.annotate(name, (x, 100 - accuracy), **place, fontsize=7, color=MUTED)
    for index, row in enumerate(rows):
        x = row["parameters"]
        same_size = sum(other["parameters"] == x for other in rows[:index])
        axes.vlines(x, 100 - row["max"], 100 - row["min"], color=TEST, linewidth=1.5)
        axes.plot(x, 100 - row["mean"], "o", color=TEST, label="this package, mean and range over seeds")
        # The next larger network is often close on the right.
        place = dict(xytext=(-6, 13 * same_size - 10), textcoords="offset points", ha="right")
        axes.annotate(row["recipe"], (x, 100 - row["mean"]), **place, fontsize=9, color=TEST)
    axes.set_xscale("log")
    axes.set_yscale("log")
    # Room for the names.
    axes.margins(x=0.15, y=0.1)
    label_log_axis(axes.xaxis)
    label_log_axis(axes.yaxis)
    axes.set_xlabel("trainable parameters")
    axes.set_ylabel(f"{kind} error (%)")
    axes.grid(alpha=0.3)
    legend_above(axes)
    return figure


_DIFFERENCE_TICKS = [sign * value for value in (0, 0.25, 0.5, 1, 2, 5, 10, 50) for sign in (-1, 1)]


def ablation_figure(rows: Sequence[Mapping[str, Any]], title: str) -> Figure:
    """Draws an ablation study: the change in mean accuracy without each ingredient, largest loss at the top.

    Args:
        rows: of a study's table; the first is the complete recipe, the others its variants from `ablations`.
        title: the figure's title.
    """
    complete, *variants = rows
    variants = sorted(variants, key=lambda row: row["mean"], reverse=True)
    figure = new_figure(8, 0.45 * len(variants) + 1.8, title)
    axes = figure.subplots()
    for place, row in enumerate(variants):
        difference = row["mean"] - complete["mean"]
        axes.barh(place, difference, color=WRONG if difference < 0 else TEST, alpha=0.35)
        axes.plot([value - complete["mean"] for value in row["accuracies"]], [place] * row["seeds"], "o", color=TEST)
        axes.text(1.01, place, f"{difference:+.2f}", transform=axes.get_yaxis_transform(), va="center", fontsize=9)
    spread = [value - complete["mean"] for value in complete["accuracies"]]
    axes.axvspan(min(spread), max(spread), color=MUTED, alpha=0.2, label=f"range over seeds of {complete['recipe']}")
    axes.axvline(0, color=MUTED)
    # A variant that fails to train would compress all other differences on a linear axis.
    axes.set_xscale("symlog", linthresh=1)
    axes.margins(x=0.06)
    axes.xaxis.set_major_locator(FixedLocator(_DIFFERENCE_TICKS))
    axes.xaxis.set_major_formatter(FuncFormatter(lambda value, _: f"{value:+g}" if value else "0"))
    names = [
        row["recipe"].removeprefix(f"{complete['recipe']}-").replace("-", " ").replace("_", " ") for row in variants
    ]
    axes.set_yticks(range(len(variants)), names)
    axes.set_xlabel(f"accuracy minus that of {complete['recipe']} ({complete['mean']:.2f} %), percentage points")
    axes.grid(axis="x", alpha=0.3)
    legend_above(axes)
    return figure
