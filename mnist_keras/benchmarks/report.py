"""What the benchmarks found, as rows, a table and a figure."""

import itertools
import statistics
from collections.abc import Mapping, Sequence
from typing import Any

from matplotlib.figure import Figure
from matplotlib.ticker import LogLocator, NullFormatter

from mnist_keras.benchmarks.harness import Timings, ratio
from mnist_keras.benchmarks.scaling import AXES
from mnist_keras.reports.style import MUTED, TEST, TRAIN, WRONG, new_figure

# Of the times of one unit: what they are shown in.
_UNITS = {"s": 1.0, "ms": 1e3, "µs": 1e6}


def rows_of(task: str, unit: str, times: Mapping[str, Timings], operations: float = 0) -> list[dict[str, Any]]:
    """A row a side. The first side is ours; ratios above 1 say how many times longer another one takes.

    Args:
        task: what was done, such as "training cnn, bfloat16".
        unit: of the times, of `s`, `ms`, `µs`, with what of: "ms a step".
        times: from `run_interleaved`.
        operations: additions and multiplications of one unit, where they are known.
    """
    first = next(iter(times.values()))
    return [
        {
            "task": task,
            "side": side,
            "unit": unit,
            **own.summary(),
            "gflops": operations / statistics.median(own.wall) / 1e9 if operations else None,
            "wall_ratio": ratio(first, own),
            "cpu_ratio": ratio(first, own, "cpu"),
            "wall": own.wall,
            "cpu": own.cpu,
        }
        for side, own in times.items()
    ]


def table(rows: Sequence[Mapping[str, Any]]) -> str:
    """The rows as a Markdown table; medians, and minima in brackets. Gflop/s are of wall time."""
    lines = [
        "| task | side | wall | processor | times ours, wall | processor | Gflop/s |",
        "|---|---|---|---|---|---|---|",
    ]
    for row in rows:
        times = [_time(row, kind) for kind in ("wall", "cpu")]
        ratios = [f"{row[f'{kind}_ratio']:.2f}" for kind in ("wall", "cpu")]
        gflops = f"{row['gflops']:.0f}" if row["gflops"] else "-"
        lines.append(f"| {' | '.join([row['task'], row['side'], *times, *ratios, gflops])} |")
    return "\n".join(lines) + "\n"


def ratio_figure(rows: Sequence[Mapping[str, Any]], title: str) -> Figure:
    """How many times longer than ours the fastest peer of each task takes, in wall and in processor time."""
    tasks = [rows for _, (_, *rows) in itertools.groupby(rows, lambda row: row["task"])]
    peers = [min(others, key=lambda row: row["wall_ratio"]) for others in tasks][::-1]
    figure = new_figure(9, 0.42 * len(peers) + 1.8, title)
    axes = figure.subplots()
    for place, row in enumerate(peers):
        for offset, kind, colour in ((0.2, "wall", TEST), (-0.2, "cpu", TRAIN)):
            label = {"wall": "wall time", "cpu": "processor time"}[kind] if not place else None
            bar = axes.barh(place + offset, row[f"{kind}_ratio"], 0.38, color=colour, label=label)
            axes.bar_label(bar, fmt="%.2f", padding=3, fontsize=7)
    axes.axvline(1, color=MUTED)
    axes.set_yticks(range(len(peers)), [f"{row['task']}: {row['side']}" for row in peers], fontsize=8)
    axes.set_xscale("log")
    axes.margins(x=0.15, y=0.01)
    axes.xaxis.set_major_locator(LogLocator(subs=(1, 2, 5)))
    axes.xaxis.set_major_formatter("{x:g}")
    axes.xaxis.set_minor_formatter(NullFormatter())
    axes.set_xlabel("times ours (above 1: we are ahead)")
    axes.legend(loc="lower right", bbox_to_anchor=(1, 1), ncols=2, fontsize=8, frameon=False)
    return figure


def _time(row: Mapping[str, Any], kind: str) -> str:
    scale = _UNITS[row["unit"].split()[0]]
    return f"{scale * row[f'{kind}_median']:.3g} ({scale * row[f'{kind}_min']:.3g}) {row['unit']}"


_NAMES = {
    "batch_size": "images a step",
    "width": "filters of the first layer",
    "copies": "times 60,000 training images, on disk",
    "devices": "logical devices",
}


def scaling_table(rows: Sequence[Mapping[str, Any]]) -> str:
    """Markdown: what is varied, its value, time of an image in training (median, minimum in brackets), peak memory."""
    lines = ["| what | value | wall | processor | peak memory |", "|---|---|---|---|---|"]
    for row in rows:
        times = [f"{1e6 * row[f'{kind}_median']:.0f} ({1e6 * row[f'{kind}_min']:.0f}) µs" for kind in ("wall", "cpu")]
        memory = f"{row['peak_memory'] / 1e9:.2f} GB"
        lines.append(f"| {' | '.join([_NAMES[row['axis']], str(row['value']), *times, memory])} |")
    return "\n".join(lines) + "\n"


def scaling_figure(rows: Sequence[Mapping[str, Any]], title: str) -> Figure:
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
