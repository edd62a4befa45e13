"""Renders the HTML templates of this folder."""

import pathlib
from collections.abc import Mapping
from typing import Any

import jinja2
import markupsafe
from matplotlib.figure import Figure

from mnist_keras.reports.style import as_svg
from mnist_keras.reports.text import format_duration

_FOLDER = pathlib.Path(__file__).parent
_TEMPLATES = jinja2.Environment(
    loader=jinja2.FileSystemLoader(_FOLDER), autoescape=True, undefined=jinja2.StrictUndefined, trim_blocks=True
)


def render(template: str, figures: Mapping[str, Figure], **values: Any) -> str:
    """Returns one HTML page that contains its style sheet and its figures.

    Args:
        template: file name of a template in this folder. `figure(NAME)` in it inserts a figure, or nothing if `figures`
            has no such name.
        figures: by name.
        values: the template's other variables. They are escaped.

    Raises:
        jinja2.UndefinedError: the template uses a variable that is not in `values`.
    """
    style = markupsafe.Markup((_FOLDER / "page.css").read_text(encoding="utf-8"))

    def figure(name: str) -> markupsafe.Markup:
        return markupsafe.Markup(f"<figure>{as_svg(figures[name])}</figure>" if name in figures else "")

    helpers = dict(style=style, figure=figure, figures=figures, percent="{:.2%}".format, duration=format_duration)
    return _TEMPLATES.get_template(template).render(**helpers, **values)
