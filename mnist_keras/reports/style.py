"""Empty figures, the colors that all figures share, and figures as PNG or SVG. Needs no display."""

import io
import pathlib
import re

import matplotlib
from matplotlib.figure import Figure

from mnist_keras.reports.fonts import fonts_for

TRAIN, TEST, WRONG, MUTED = "#7aa6d8", "#1f4e9c", "#c0392b", "#888888"
# Of ten classes: the palette "muted" of Paul Tol, made for all forms of color blindness, with a dark gray.
CLASS_COLORS = (
    *("#332288", "#88CCEE", "#44AA99", "#117733", "#999933"),
    *("#DDCC77", "#CC6677", "#882255", "#AA4499", "#555555"),
)
# Text on light cells; a page in dark mode does not change it.
DARK = "#111111"
_PAGE_COLORS = {
    "#ffffff": "none",
    "#000000": "currentColor",
    TRAIN: "var(--train)",
    TEST: "var(--accent)",
    WRONG: "var(--wrong)",
}


def new_figure(width: float, height: float, title: str) -> Figure:
    """Returns an empty figure with a title; width and height are in inches."""
    figure = Figure(figsize=(width, height), layout="constrained")
    # Names of files and datasets may contain $, which starts a formula otherwise.
    figure.suptitle(title, parse_math=False)
    return figure


def save_figure(figure: Figure, path: pathlib.Path) -> None:
    """Writes the figure as a PNG file with 120 dots per inch.

    Characters that no font here has are written in Latin letters, such as ka, or by their numbers in Unicode.
    """
    with fonts_for(figure, stand_ins=True):
        figure.savefig(path, dpi=120)


def as_svg(figure: Figure) -> str:
    """Returns the figure as an <svg> element for an HTML page.

    Text stays text, the background is transparent, and the colors are the variables of page.css. The same figure gives
    the same text.
    """
    text = io.StringIO()
    # Without the salt and the date, each call would write other ids and another time.
    settings = {"svg.fonttype": "none", "svg.hashsalt": figure.get_suptitle()}
    with matplotlib.rc_context(settings), fonts_for(figure, stand_ins=False):
        figure.savefig(text, format="svg", metadata={"Date": None})
    svg = text.getvalue()
    svg = svg[svg.index("<svg ") :]
    # Matplotlib numbers its groups from 1 in each figure; ids must be unique on a page with several figures.
    svg = re.sub(r' id="[A-Za-z0-9]+_\d+"', "", svg)
    for color, page_color in _PAGE_COLORS.items():
        svg = re.sub(rf"{color}\b", page_color, svg)
    return svg
