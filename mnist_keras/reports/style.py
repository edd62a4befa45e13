"""A figure to draw on, and the colours all figures share. No display is needed."""

import io
import pathlib
import re

import matplotlib
from matplotlib.figure import Figure

TRAIN, TEST, WRONG, MUTED = "#7aa6d8", "#1f4e9c", "#c0392b", "#888888"
# Text on something light, in the dark too.
DARK = "#111111"
_OF_PAGE = {
    "#ffffff": "none",
    "#000000": "currentColor",
    TRAIN: "var(--train)",
    TEST: "var(--accent)",
    WRONG: "var(--wrong)",
}


def new_figure(width: float, height: float, title: str) -> Figure:
    """An empty figure of that size in inches."""
    figure = Figure(figsize=(width, height), layout="constrained")
    figure.suptitle(title)
    return figure


def save_figure(figure: Figure, path: pathlib.Path) -> None:
    """Writes a PNG."""
    figure.savefig(path, dpi=120)


def as_svg(figure: Figure) -> str:
    """An <svg> element for a page: text stays text, colours are those of the page's style, and its ground shows."""
    text = io.StringIO()
    # Of the figure alone, not of its moment: the same figure gives the same element.
    with matplotlib.rc_context({"svg.fonttype": "none", "svg.hashsalt": figure.get_suptitle()}):
        figure.savefig(text, format="svg", metadata={"Date": None})
    svg = text.getvalue()
    svg = svg[svg.index("<svg ") :]
    # Several on one page would bear the same.
    svg = re.sub(r' id="[A-Za-z0-9]+_\d+"', "", svg)
    for colour, of_page in _OF_PAGE.items():
        svg = re.sub(rf"{colour}\b", of_page, svg)
    return svg
