"""Text of reports and progress messages: Markdown tables, names of classes, durations. Must not import TensorFlow."""

from collections.abc import Iterable, Sequence


def markdown_table(headings: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    """Returns a Markdown table that ends with a newline.

    Args:
        headings: one per column.
        rows: one cell per column in each row, without `|` and line breaks.

    Raises:
        ValueError: a row has more or fewer cells than there are headings.
    """
    lines = [list(headings)]
    for row in rows:
        if len(row) != len(headings):
            raise ValueError(
                f"A row of a Markdown table does not fit its headings. Expected: {len(headings)} cells. "
                f"Received: row={list(row)}. Give each row one cell per column."
            )
        lines.append(list(row))
    heading, *body = (f"| {' | '.join(cells)} |" for cells in lines)
    return "\n".join([heading, "|" + "---|" * len(headings), *body]) + "\n"


# Maximum length of a class name in a figure.
_MAX_NAME = 20


def shorten(name: str) -> str:
    """Returns the name of a class, cut to 20 characters for figures."""
    return name if len(name) <= _MAX_NAME else f"{name[: _MAX_NAME - 1]}\u2026"


def format_duration(seconds: float) -> str:
    """Formats seconds with one decimal: below a minute as "3.2 s", below an hour as "1.5 min", otherwise as "2.0 h"."""
    # A value that rounds to 60 of one unit is shown in the next one.
    if seconds < 59.95:
        return f"{seconds:.1f} s"
    return f"{seconds / 60:.1f} min" if seconds < 3597 else f"{seconds / 3600:.1f} h"


def format_probability(probability: float) -> str:
    """Formats a probability in percent with two decimals, near 0 and 100 % with four, as in "99.9995 %"."""
    return f"{100 * probability:.{2 if 0.0001 <= probability <= 0.9999 else 4}f} %"
