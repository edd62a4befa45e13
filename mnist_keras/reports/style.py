"""Empty figures; the colors, legends and ticks that all figures share; figures as PNG or SVG. Needs no display."""

import contextlib
import io
import pathlib
import re
from collections.abc import Iterator
from typing import Any

import matplotlib
from matplotlib.axes import Axes
from matplotlib.axis import Axis
from matplotlib.figure import Figure
from matplotlib.ticker import LogLocator, MaxNLocator, NullLocator
from matplotlib.transforms import Bbox

from mnist_keras.atomic import atomic_file
from mnist_keras.reports.fonts import fonts_for

# Orange and blue differ for people with any color blindness.
TRAIN, TEST, WRONG, MUTED = "#cf7a00", "#1f4e9c", "#c0392b", "#888888"
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


def legend_above(axes: Axes, columns: int = 4) -> None:
    """Draws the legend above the axes, where it hides no data, with one entry per label."""
    entries = dict(zip(*reversed(axes.get_legend_handles_labels()), strict=True))
    place: dict[str, Any] = dict(loc="lower left", bbox_to_anchor=(0, 1), borderaxespad=0.2)
    axes.legend(entries.values(), entries.keys(), **place, ncols=columns, fontsize=8, frameon=False)


def label_log_axis(axis: Axis) -> None:
    """Labels a logarithmic axis with plain numbers: 1, 2, 5, 10, ...; powers of ten if it spans more than 1:1000."""
    low, high = axis.get_view_interval()
    steps = (1, 2, 5) if high <= 1000 * low else (1,)
    axis.set_major_locator(LogLocator(subs=steps) if high > 5 * low else MaxNLocator(5))
    axis.set_major_formatter("{x:,.10g}")
    axis.set_minor_locator(NullLocator())


def save_figure(figure: Figure, path: pathlib.Path) -> None:
    """Writes the figure atomically as a PNG file with 120 dots per inch, or in the format of the path's suffix.

    Characters that no font here has are written in Latin letters, such as ka, or by their numbers in Unicode.
    """
    with fonts_for(figure, stand_ins=True), atomic_file(path) as file:
        figure.savefig(file, format=path.suffix.removeprefix(".") or "png", dpi=120)


def as_svg(figure: Figure, panel: Axes | None = None) -> str:
    """Returns the figure without its title as an <svg> element for an HTML page.

    Text stays text, the background is transparent, and the colors are the variables of page.css. The same figure gives
    the same text.

    Args:
        figure: is the same afterwards.
        panel: the only axes of the figure that are shown; None: all.
    """
    text, title = io.StringIO(), figure.get_suptitle()
    # Without the salt and the date, each call would write other ids and another time.
    settings = {"svg.fonttype": "none", "svg.hashsalt": title}
    with matplotlib.rc_context(settings), fonts_for(figure, stand_ins=False), _only(figure, panel) as box:
        figure.suptitle("")
        figure.savefig(text, format="svg", metadata={"Date": None}, bbox_inches=box)
        figure.suptitle(title, parse_math=False)
    svg = text.getvalue()
    svg = svg[svg.index("<svg ") :]
    # Matplotlib numbers its groups from 1 in each figure; ids must be unique on a page with several figures.
    svg = re.sub(r' id="[A-Za-z0-9]+_\d+"', "", svg)
    for color, page_color in _PAGE_COLORS.items():
        svg = re.sub(rf"{color}\b", page_color, svg)
    return svg


@contextlib.contextmanager
def _only(figure: Figure, panel: Axes | None) -> Iterator[Bbox | None]:
    """Hides all axes but one, which stay at their places, and yields their box in inches; None: hides nothing."""
    if panel is None:
        yield None
        return
    figure.draw_without_rendering()
    layout = figure.get_layout_engine()
    figure.set_layout_engine("none")
    others = [axes for axes in figure.axes if axes is not panel]
    for axes in others:
        axes.set_visible(False)
    box = panel.get_tightbbox()
    yield box and box.transformed(figure.dpi_scale_trans.inverted()).padded(0.05)
    for axes in others:
        axes.set_visible(True)
    figure.set_layout_engine(layout)
