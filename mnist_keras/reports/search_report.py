"""The report of a hyperparameter search: its table and its figure. Must not import TensorFlow."""

import itertools
import pathlib
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.ticker import MaxNLocator, NullLocator

from mnist_keras.evaluation.trial_order import best_trial, objective
from mnist_keras.files import write_rows, write_text
from mnist_keras.recipes.recipe import Recipe
from mnist_keras.recipes.search_space import SearchSpace
from mnist_keras.reports.style import MUTED, TEST, WRONG, label_log_axis, legend_above, new_figure, save_figure
from mnist_keras.reports.text import markdown_table

Row = Mapping[str, Any]
# Panels of fields beside each other.
_COLUMNS = 3


def write_search(folder: pathlib.Path, rows: Sequence[Row], recipe: Recipe, space: SearchSpace, data: str) -> str:
    """Writes table.csv, table.md and trials.png atomically; returns what the search found as text for the terminal.

    Args:
        folder: the folder of the search.
        rows: of `run_search`.
        recipe: the recipe that was varied.
        space: its search space.
        data: the validation images in words, for titles.

    Raises:
        InputError: no trial was trained to its end.
    """
    summary = _summarize(rows, recipe, data)
    table = [_table_row(row, recipe, space) for row in rows]
    write_rows(folder / "table.csv", table)
    cells = [[_cell(name, value) for name, value in row.items()] for row in table]
    write_text(folder / "table.md", markdown_table(list(table[0]), cells))
    save_figure(trials_figure(rows, recipe, space, f"{recipe.name}: {len(rows)} trials, {data}"), folder / "trials.png")
    return summary


def _summarize(rows: Sequence[Row], recipe: Recipe, data: str) -> str:
    best = best_trial(rows)
    lines = [f"best     {_result(best)}", f"default  {_result(rows[0])}"]
    counts = {"stopped early": sum(row["stopped_early"] for row in rows), "failed": sum(bool(r["error"]) for r in rows)}
    others = ", ".join(f"{count} {what}" for what, count in counts.items() if count)
    lines = [f"{recipe.name}, {data}: {len(rows)} trials{f', {others}' if others else ''}", *lines]
    if best is rows[0]:
        return "\n".join([*lines, "No other trial is better than the recipe itself."])
    caution = f"The best of {len(rows)} trials looks better than it is, because it was chosen by these images."
    return "\n".join([*lines, caution])


def _result(row: Row) -> str:
    if row["error"]:
        return f"trial {row['trial']}: {row['error']}"
    return (
        f"trial {row['trial']}: accuracy {row['accuracy']:.2%} ({row['misclassified']} misclassified), "
        f"loss {row['loss']:.4f}"
    )


def _table_row(row: Row, recipe: Recipe, space: SearchSpace) -> dict[str, Any]:
    note = row["error"] or ("stopped early" if row["stopped_early"] else "")
    if not row["sampled"]:
        note = ": ".join(filter(None, ["the recipe itself", note]))
    return {
        "trial": row["trial"],
        **space.values(space.recipe(recipe, row["sampled"])),
        "epochs trained": row["epochs"],
        "validation accuracy": row["accuracy"],
        "validation loss": row["loss"],
        "misclassified": row["misclassified"],
        "note": note,
    }


def _cell(name: str, value: Any) -> str:
    if value is None:
        return ""
    if name == "validation accuracy":
        return f"{value:.2%}"
    text = f"{value:.4g}" if isinstance(value, float) else str(value)
    return " ".join(text.replace("|", "/").split())


def trials_figure(rows: Sequence[Row], recipe: Recipe, space: SearchSpace, title: str) -> Figure:
    """Draws the validation error of each trial with the best so far, and against the values of each field.

    Args:
        rows: of `run_search`; those with an error are not drawn.
        recipe: the recipe that was varied.
        space: its search space.
        title: the figure's title.
    """
    rows = [row for row in rows if not row["error"]]
    names = list(space.dimensions)
    height = -(-len(names) // _COLUMNS)
    figure = new_figure(9, 3.5 + 2.3 * height, title)
    top, bottom = figure.subfigures(2, 1, squeeze=False, height_ratios=[3.5, 2.3 * height]).flat
    axes = top.subplots()
    _draw_trials(axes, [row["trial"] for row in rows], rows)
    complete = [row for row in rows if not row["stopped_early"]]
    best = [100 * (1 - row["accuracy"]) for row in itertools.accumulate(complete, _better)]
    axes.step([row["trial"] for row in complete], best, where="post", color=MUTED, label="best so far", zorder=1)
    axes.xaxis.set_major_locator(MaxNLocator(integer=True))
    axes.set_xlabel("trial")
    legend_above(axes)
    panels = bottom.subplots(height, _COLUMNS, sharey=True, squeeze=False)
    for panel in panels.flat[len(names) :]:
        panel.remove()
    for panel, name in zip(panels.flat, names, strict=False):
        _draw_field(panel, name, rows, recipe, space)
    for panel in panels[:, 1:].flat:
        panel.set_ylabel("")
    return figure


def _better(one: Row, other: Row) -> Row:
    return min(one, other, key=objective)


def _draw_trials(axes: Axes, places: Sequence[Any], rows: Sequence[Row]) -> None:
    kinds = {
        "trained to its end": ("o", TEST, "full", lambda row: not row["stopped_early"] and row["sampled"]),
        "stopped early": ("o", TEST, "none", lambda row: row["stopped_early"]),
        "the recipe itself": ("D", WRONG, "full", lambda row: not row["sampled"]),
    }
    for label, (marker, color, fill, belongs) in kinds.items():
        points = [(x, 100 * (1 - row["accuracy"])) for x, row in zip(places, rows, strict=True) if belongs(row)]
        x, y = zip(*points, strict=True) if points else ((), ())
        axes.plot(x, y, marker, color=color, fillstyle=fill, label=label, alpha=0.8)
    errors = [1 - row["accuracy"] for row in rows]
    if min(errors) > 0 and max(errors) > 5 * min(errors):
        # A trial that learns nothing would compress all other differences on a linear axis.
        axes.set_yscale("log")
        label_log_axis(axes.yaxis)
    axes.set_ylabel("validation error (%)")
    axes.grid(alpha=0.3)


def _draw_field(axes: Axes, name: str, rows: Sequence[Row], recipe: Recipe, space: SearchSpace) -> None:
    dimension = space.dimensions[name]
    values = [space.values(space.recipe(recipe, row["sampled"]))[name] for row in rows]
    if dimension.kind == "choice":
        # The recipe's own value may be none of the choices.
        choices = list(dict.fromkeys(map(str, [*dimension.values, *values])))
        axes.set_xticks(range(len(choices)), choices)
        axes.margins(x=0.2)
        values = [choices.index(str(value)) for value in values]
    known = [(value, row) for value, row in zip(values, rows, strict=True) if value is not None]
    _draw_trials(axes, [value for value, _ in known], [row for _, row in known])
    if dimension.kind == "log":
        low, high = dimension.values
        ticks = np.geomspace(low, high, 3)
        axes.set_xscale("log")
        axes.set_xticks(ticks, [f"{tick:.2g}" for tick in ticks])
        axes.xaxis.set_minor_locator(NullLocator())
    axes.set_xlabel(name)
