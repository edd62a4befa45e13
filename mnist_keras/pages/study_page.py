"""A study on a page."""

from collections.abc import Callable, Mapping, Sequence
from typing import Any

from matplotlib.figure import Figure

from mnist_keras.pages.rendering import render

Row = Mapping[str, Any]


def study_page(
    title: str,
    date: str,
    columns: Mapping[str, Callable[[Row], str]],
    rows: Sequence[Row],
    finding: str,
    figures: Mapping[str, Figure],
) -> str:
    """HTML of a study's table, with links to the pages of its runs, and its figures.

    Args:
        title: what the table shows, on which data.
        date: of the page.
        columns: heading -> what stands below it.
        rows: from `run_study`.
        finding: a paragraph, or nothing.
        figures: by name, in the order in which they are shown.
    """
    cells = [(row, [cell(row) for cell in columns.values()]) for row in rows]
    return render(
        "study.html", figures, title=title, date=date, columns=columns, cells=cells, rows=rows, finding=finding
    )
