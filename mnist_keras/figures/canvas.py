"""A figure to draw on, and the colours all figures share. No display is needed."""

import pathlib

from matplotlib.figure import Figure

TRAIN, TEST, WRONG, MUTED = "#7aa6d8", "#1f4e9c", "#c0392b", "#888888"


def new_figure(width: float, height: float, title: str) -> Figure:
    """An empty figure of that size in inches."""
    figure = Figure(figsize=(width, height), layout="constrained")
    figure.suptitle(title)
    return figure


def save_figure(figure: Figure, path: pathlib.Path) -> None:
    """Writes a PNG."""
    figure.savefig(path, dpi=120)
