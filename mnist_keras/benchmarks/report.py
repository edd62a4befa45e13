"""Rows, tables and figures of the benchmarks' timings. Must not import TensorFlow."""

import itertools
import statistics
from collections.abc import Mapping, Sequence
from typing import Any

from matplotlib.figure import Figure

from mnist_keras.benchmarks.harness import Timings, ratio
from mnist_keras.benchmarks.scaling import AXES
from mnist_keras.reports.style import MUTED, TEST, TRAIN, WRONG, label_log_axis, legend_above, new_figure
from mnist_keras.reports.text import markdown_table

# Seconds to the unit in which a time is shown.
_UNITS = {"s": 1.0, "ms": 1e3, "µs": 1e6}


def timing_rows(task: str, unit: str, timings: Mapping[str, Timings], flops: float = 0) -> list[dict[str, Any]]:
    """Returns one row per contender, with ratios of its times to those of the first contender.

    Args:
        task: the measured work, such as "training cnn, bfloat16".
        unit: unit of the shown times: s, ms or µs, optionally with the unit of work, as in "ms per step".
        timings: from `run_interleaved`.
        flops: floating-point multiplications and additions per unit of work; 0 if unknown.
    """
    reference = next(iter(timings.values()))
    return [
        {
            "task": task,
            "contender": name,
            "unit": unit,
            **own.summary(),
            "gflops": flops / statistics.median(own.wall) / 1e9 if flops else None,
            "wall_ratio": ratio(reference, own),
            "cpu_ratio": ratio(reference, own, "cpu"),
            "wall": own.wall,
            "cpu": own.cpu,
        }
        for name, own in timings.items()
    ]


def timing_table(rows: Sequence[Mapping[str, Any]]) -> str:
    """Returns the rows as a Markdown table: medians, with minima in parentheses; Gflop/s are per wall time."""
    headings = ["task", "contender", "wall time", "CPU time", "wall ratio", "CPU ratio", "Gflop/s"]
    cells = []
    for row in rows:
        times = [_format_time(row, kind) for kind in ("wall", "cpu")]
        ratios = [f"{row[f'{kind}_ratio']:.2f}" for kind in ("wall", "cpu")]
        gflops = f"{row['gflops']:.0f}" if row["gflops"] else "-"
        cells.append([row["task"], row["contender"], *times, *ratios, gflops])
    return markdown_table(headings, cells)


_TRAINING = "training "


def ratio_figure(rows: Sequence[Mapping[str, Any]], setup: str) -> Figure:
    """Draws, per task, the time of the fastest other contender divided by the time of the first one, mnist_keras.

    Args:
        rows: from `timing_rows`, grouped by task.
        setup: threads and date of the measurement, for the title.
    """
    tasks = [others for _, (_, *others) in itertools.groupby(rows, lambda row: row["task"])]
    fastest = [min(others, key=lambda row: row["wall_ratio"]) for others in tasks][::-1]
    libraries = {row["contender"].split(",")[0] for row in fastest}
    other = libraries.pop() if len(libraries) == 1 else "fastest other library"
    is_training = all(row["task"].startswith(_TRAINING) for row in fastest)
    title = f"{'Training step time' if is_training else 'Time'}, {other} / mnist_keras ({setup})"
    figure = new_figure(9, 0.42 * len(fastest) + 1.8, title)
    axes = figure.subplots()
    for place, row in enumerate(fastest):
        for offset, kind, color in ((0.2, "wall", TEST), (-0.2, "cpu", TRAIN)):
            label = {"wall": "wall time", "cpu": "CPU time"}[kind] if not place else None
            bar = axes.barh(place + offset, row[f"{kind}_ratio"], 0.38, color=color, label=label)
            axes.bar_label(bar, fmt="%.2f", padding=3, fontsize=7)
    axes.axvline(1, color=MUTED)
    names = [f"{row['task'].removeprefix(_TRAINING if is_training else '')}: {row['contender']}" for row in fastest]
    axes.set_yticks(range(len(fastest)), names, fontsize=8)
    axes.set_xscale("log")
    axes.margins(x=0.15, y=0.01)
    label_log_axis(axes.xaxis)
    axes.set_xlabel(f"time of {other} / time of mnist_keras (above 1: mnist_keras is faster)")
    legend_above(axes)
    return figure


def _format_time(row: Mapping[str, Any], kind: str) -> str:
    scale = _UNITS[row["unit"].split()[0]]
    return f"{scale * row[f'{kind}_median']:.3g} ({scale * row[f'{kind}_min']:.3g}) {row['unit']}"


_AXIS_NAMES = {
    "batch_size": "batch size",
    "width": "filters of the first layer",
    "copies": "copies of 60,000 training images",
    "devices": "logical devices",
}


def scaling_table(rows: Sequence[Mapping[str, Any]]) -> str:
    """Returns a Markdown table of time per training image (median, minimum in parentheses) and peak memory."""
    headings = ["axis", "value", "wall time per image", "CPU time per image", "peak memory"]
    cells = []
    for row in rows:
        times = [f"{1e6 * row[f'{kind}_median']:.0f} ({1e6 * row[f'{kind}_min']:.0f}) µs" for kind in ("wall", "cpu")]
        cells.append([_AXIS_NAMES[row["axis"]], str(row["value"]), *times, f"{row['peak_memory'] / 1e9:.2f} GB"])
    return markdown_table(headings, cells)


def scaling_figure(rows: Sequence[Mapping[str, Any]], title: str) -> Figure:
    """Draws one panel per axis: wall time per training image and peak memory.

    Args:
        rows: one per axis and value, with "axis", "value", "wall_median" (seconds) and "peak_memory" (bytes).
        title: the figure's title.
    """
    figure = new_figure(11, 3.4, title)
    for axes, axis in zip(figure.subplots(1, len(AXES)), AXES, strict=True):
        own = [row for row in rows if row["axis"] == axis]
        values = [row["value"] for row in own]
        axes.plot(values, [1e6 * row["wall_median"] for row in own], "o-", color=TEST)
        axes.set_xscale("log")
        axes.set_xticks(values, values)
        axes.minorticks_off()
        axes.set_ylim(bottom=0)
        axes.set_xlabel(_AXIS_NAMES[axis], fontsize=8)
        memory = axes.twinx()
        memory.plot(values, [row["peak_memory"] / 1e9 for row in own], "s--", color=WRONG)
        memory.set_ylim(bottom=0)
        if axis == next(iter(AXES)):
            axes.set_ylabel("wall time per training image (µs)", color=TEST)
        if axis == list(AXES)[-1]:
            memory.set_ylabel("peak memory (GB)", color=WRONG)
        axes.grid(alpha=0.3)
    return figure
