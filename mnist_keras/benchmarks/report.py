"""What the benchmarks found, as rows, a table and a figure."""

import itertools
import statistics
from collections.abc import Mapping, Sequence
from typing import Any

from matplotlib.figure import Figure
from matplotlib.ticker import LogLocator, NullFormatter

from mnist_keras.benchmarks.turns import Times, ratio
from mnist_keras.figures.canvas import MUTED, TEST, TRAIN, new_figure

# Of the times of one unit: what they are shown in.
_UNITS = {"s": 1.0, "ms": 1e3, "µs": 1e6}


def rows_of(task: str, unit: str, times: Mapping[str, Times], operations: float = 0) -> list[dict[str, Any]]:
    """A row a side. The first side is ours; ratios above 1 say how many times longer another one takes.

    Args:
        task: what was done, such as "training cnn, bfloat16".
        unit: of the times, of `s`, `ms`, `µs`, with what of: "ms a step".
        times: from `take_turns`.
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
