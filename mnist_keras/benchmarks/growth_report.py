"""How cost grows, as a table and a figure."""

from collections.abc import Mapping, Sequence
from typing import Any

from matplotlib.figure import Figure

from mnist_keras.benchmarks.growth import AXES
from mnist_keras.figures.canvas import TEST, WRONG, new_figure

_NAMES = {
    "batch_size": "images a step",
    "width": "filters of the first layer",
    "copies": "times 60,000 training images, on disk",
    "devices": "logical devices",
}


def growth_table(rows: Sequence[Mapping[str, Any]]) -> str:
    """Markdown: what is varied, its value, time of an image in training (median, minimum in brackets), peak memory."""
    lines = ["| what | value | wall | processor | peak memory |", "|---|---|---|---|---|"]
    for row in rows:
        times = [f"{1e6 * row[f'{kind}_median']:.0f} ({1e6 * row[f'{kind}_min']:.0f}) µs" for kind in ("wall", "cpu")]
        memory = f"{row['peak_memory'] / 1e9:.2f} GB"
        lines.append(f"| {' | '.join([_NAMES[row['axis']], str(row['value']), *times, memory])} |")
    return "\n".join(lines) + "\n"


def growth_figure(rows: Sequence[Mapping[str, Any]], title: str) -> Figure:
    """A panel for each thing that is varied: time of an image, and peak memory."""
    figure = new_figure(11, 3.4, title)
    for axes, axis in zip(figure.subplots(1, len(AXES)), AXES, strict=True):
        own = [row for row in rows if row["axis"] == axis]
        values = [row["value"] for row in own]
        axes.plot(values, [1e6 * row["wall_median"] for row in own], "o-", color=TEST)
        axes.set_xscale("log")
        axes.set_xticks(values, values)
        axes.minorticks_off()
        axes.set_ylim(bottom=0)
        axes.set_xlabel(_NAMES[axis], fontsize=8)
        memory = axes.twinx()
        memory.plot(values, [row["peak_memory"] / 1e9 for row in own], "s--", color=WRONG)
        memory.set_ylim(bottom=0)
        if axis == next(iter(AXES)):
            axes.set_ylabel("µs an image in training", color=TEST)
        if axis == list(AXES)[-1]:
            memory.set_ylabel("peak memory (GB)", color=WRONG)
        axes.grid(alpha=0.3)
    return figure
