"""What a study leaves behind: one table, its figures, one page; for the stack its finding."""

import datetime
import pathlib
from collections.abc import Callable, Mapping, Sequence
from typing import Any

from mnist_keras.digits import Digits
from mnist_keras.digits.hold_out import source_of
from mnist_keras.figures import ablation_figure, accuracy_by_recipe, error_by_parameters, save_figure
from mnist_keras.history import write_rows
from mnist_keras.pages.study_page import study_page
from mnist_keras.recipes import STACK
from mnist_keras.stack_report import stack_figures, stack_finding

Row = Mapping[str, Any]


def write_study(folder: pathlib.Path, rows: Sequence[Row], digits: Digits, is_ablation: bool = False) -> str:
    """Writes table.csv, table.md, the figures and report.html, which shows them, and returns the text of table.md.

    The figures are accuracy.png and parameters.png. A study of all eleven stack recipes also leaves stack_digits.png
    (test images with their labels), stack_predictions.png (one model's answers), stack_accuracy.png (0-100) and
    stack_accuracy_zoom.png (90-93), and its finding stands under the table.

    Args:
        folder: the study's.
        rows: from `run_study`.
        digits: what was trained on.
        is_ablation: whether the rows are of a recipe and its variants; then ablation.png is drawn too.
    """
    kind = "test" if source_of(digits.name) == digits.name else "validation"
    title = f"Accuracy at the last epoch, {digits.name}, {len(digits.test_labels):,} {kind} images"
    figures = {"accuracy": accuracy_by_recipe(rows, title), "parameters": error_by_parameters(rows, title)}
    if is_ablation:
        figures = {"ablation": ablation_figure(rows, title), **figures}
    stack = [row for row in rows if row["recipe"] in {recipe.name for recipe in STACK}]
    finding = ""
    if len(stack) == len(STACK):
        finding = stack_finding(stack)
        figures |= stack_figures(folder, stack, digits, title)
    text = table(rows) + (f"\n{finding}\n" if finding else "")
    told = [{name: value for name, value in row.items() if name != "runs"} for row in rows]
    write_rows(
        folder / "table.csv",
        [{**row, "accuracies": " ".join(f"{value:.2f}" for value in row["accuracies"])} for row in told],
    )
    (folder / "table.md").write_text(text, encoding="utf-8")
    for name, figure in figures.items():
        save_figure(figure, folder / f"{name}.png")
    (folder / "report.html").write_text(
        study_page(
            title=title,
            date=datetime.date.today().isoformat(),
            columns=columns_for(rows),
            rows=rows,
            finding=finding,
            figures=figures,
        ),
        encoding="utf-8",
    )
    return text


def columns_for(rows: Sequence[Row]) -> dict[str, Callable[[Row], str]]:
    """Names of the columns and what stands in them; with ten test labels corrected, where a row has that figure."""
    return {
        name: cell
        for name, cell in _COLUMNS.items()
        if name != "corrected" or any(row["corrected"] is not None for row in rows)
    }


def table(rows: Sequence[Row]) -> str:
    """The rows as a Markdown table, see `columns_for`."""
    columns = columns_for(rows)
    lines = [f"| {' | '.join(columns)} |", "|" + "---|" * len(columns)]
    for row in rows:
        recipe, *cells = (cell(row) for cell in columns.values())
        lines.append(f"| {' | '.join([f'`{recipe}`', *cells])} |")
    return "\n".join(lines) + "\n"


def _mean(row: Row) -> str:
    # Five seeds tell thousandths apart.
    digits = 3 if row["seeds"] >= 5 else 2
    spread = "" if row["sd"] is None else f" ± {row['sd']:.{digits}f}"
    return f"{row['mean']:.{digits}f}{spread}"


_COLUMNS = {
    "recipe": lambda row: row["recipe"],
    "parameters": lambda row: f"{row['parameters']:,}",
    "published": lambda row: "-" if row["published"] is None else f"{row['published']:.2f}",
    "median": lambda row: f"{row['median']:.2f}",
    "mean ± sd": _mean,
    "min": lambda row: f"{row['min']:.2f}",
    "max": lambda row: f"{row['max']:.2f}",
    "corrected": lambda row: "-" if row["corrected"] is None else f"{row['corrected']:.3f}",
    "seeds": lambda row: str(row["seeds"]),
    "epochs": lambda row: str(row["epochs"]),
    "time": lambda row: f"{row['seconds'] / 60:.1f} min",
}
