"""Renders the HTML templates of this folder."""

import base64
import io
import pathlib
from collections.abc import Callable, Mapping
from typing import Any

import jinja2
import markupsafe
import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from PIL import Image

from mnist_keras.reports.style import WRONG, as_svg
from mnist_keras.reports.text import format_duration

_FOLDER = pathlib.Path(__file__).parent
_TEMPLATES = jinja2.Environment(
    loader=jinja2.FileSystemLoader(_FOLDER), autoescape=True, undefined=jinja2.StrictUndefined, trim_blocks=True
)


def render(template: str, figures: Mapping[str, Figure], **values: Any) -> str:
    """Returns one HTML page that contains its style sheet and its figures.

    Args:
        template: file name of a template in this folder. In it, `figure(NAME)` inserts a figure, `panels(NAME)` its
            axes, beside each other or below each other as the page is wide or narrow, and `digit_grid(NAME)` the
            images and captions of a grid of digits in as many columns as the page has room for. They insert nothing
            if `figures` has no such name.
        figures: by name.
        values: the template's other variables. They are escaped.

    Raises:
        jinja2.UndefinedError: the template uses a variable that is not in `values`.
    """
    style = markupsafe.Markup((_FOLDER / "page.css").read_text(encoding="utf-8"))

    def inserted(draw: Callable[[Figure], str]) -> Callable[[str], markupsafe.Markup]:
        def insert(name: str) -> markupsafe.Markup:
            return _with_caption(figures[name], draw(figures[name])) if name in figures else markupsafe.Markup("")

        return insert

    ways = dict(figure=inserted(as_svg), panels=inserted(_panels), digit_grid=inserted(_digit_grid))
    helpers = dict(style=style, figures=figures, percent="{:.2%}".format, duration=format_duration)
    return _TEMPLATES.get_template(template).render(**ways, **helpers, **values)


def _with_caption(figure: Figure, content: str) -> markupsafe.Markup:
    caption = markupsafe.escape(figure.get_suptitle())
    return markupsafe.Markup(f"<figure><figcaption>{caption}</figcaption>{content}</figure>")


def _panels(figure: Figure) -> str:
    return f'<div class="panels">{"".join(as_svg(figure, panel) for panel in figure.axes)}</div>'


def _digit_grid(figure: Figure) -> str:
    cells = "".join(_cell(axes) for axes in figure.axes if axes.images)
    legend = '<p><b class="right">correct</b> <b class="wrong">misclassified</b></p>' if figure.legends else ""
    return f'{legend}<div class="digits">{cells}</div>'


def _cell(axes: Axes) -> str:
    png = io.BytesIO()
    Image.fromarray(np.asarray(axes.images[0].get_array(), np.uint8)).save(png, "PNG")
    source = f"data:image/png;base64,{base64.b64encode(png.getvalue()).decode()}"
    kind = "wrong" if axes.title.get_color() == WRONG else "right"
    return f'<div class="{kind}"><img src="{source}" alt="">{markupsafe.escape(axes.get_title())}</div>'
