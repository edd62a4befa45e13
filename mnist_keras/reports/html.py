"""A template of this folder, filled in."""

import pathlib
from collections.abc import Mapping
from typing import Any

import jinja2
import markupsafe
from matplotlib.figure import Figure

from mnist_keras.reports.style import as_svg

_HOME = pathlib.Path(__file__).parent
_TEMPLATES = jinja2.Environment(
    loader=jinja2.FileSystemLoader(_HOME), autoescape=True, undefined=jinja2.StrictUndefined, trim_blocks=True
)


def render(template: str, figures: Mapping[str, Figure], **values: Any) -> str:
    """One HTML file with its style and its figures in it.

    Args:
        template: name of a file here. `figure(NAME)` in it stands for a figure, or for nothing where there is none.
        figures: by name.
        values: what else it asks for; escaped.
    """
    style = markupsafe.Markup((_HOME / "page.css").read_text(encoding="utf-8"))

    def figure(name: str) -> markupsafe.Markup:
        drawn = f"<figure>{as_svg(figures[name])}</figure>" if name in figures else ""
        return markupsafe.Markup(drawn)

    helpers = dict(style=style, figure=figure, figures=figures, percent="{:.2%}".format, duration=duration)
    return _TEMPLATES.get_template(template).render(**helpers, **values)


def duration(seconds: float) -> str:
    """Seconds as people say them."""
    if seconds < 60:
        return f"{seconds:.1f} s"
    return f"{seconds / 60:.1f} min" if seconds < 3600 else f"{seconds / 3600:.1f} h"
