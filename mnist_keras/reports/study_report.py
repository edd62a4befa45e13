"""What a study leaves behind: one table, its figures, one page; for the stack its finding."""

import datetime
import pathlib
from collections.abc import Callable, Mapping, Sequence
from typing import Any

from matplotlib.figure import Figure

from mnist_keras.data import Digits
from mnist_keras.data.digits import base_dataset
from mnist_keras.files import write_rows
from mnist_keras.inference.predictor import load_predictor
from mnist_keras.recipes import STACK
from mnist_keras.reports.digit_grids import label_grid, prediction_grid
from mnist_keras.reports.html import render
from mnist_keras.reports.study_figures import ablation_figure, accuracy_by_recipe, error_by_parameters
from mnist_keras.reports.style import save_figure

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
    kind = "test" if base_dataset(digits.name) == digits.name else "validation"
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
    "published_accuracy": lambda row: "-" if row["published_accuracy"] is None else f"{row['published']:.2f}",
    "median": lambda row: f"{row['median']:.2f}",
    "mean ± sd": _mean,
    "min": lambda row: f"{row['min']:.2f}",
    "max": lambda row: f"{row['max']:.2f}",
    "corrected": lambda row: "-" if row["corrected"] is None else f"{row['corrected']:.3f}",
    "seeds": lambda row: str(row["seeds"]),
    "epochs": lambda row: str(row["epochs"]),
    "time": lambda row: f"{row['seconds'] / 60:.1f} min",
}


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


def stack_finding(rows: Sequence[Mapping[str, Any]]) -> str:
    """What the eleven say about depth without a nonlinearity, from their own figures.

    Args:
        rows: of stack_0 ... stack_10, in that order.
    """
    medians = [row["median"] for row in rows]
    deepest = rows[-1]
    gain = medians[-1] - medians[0]
    spread = max(medians[7:]) - min(medians[7:])
    verdict = "buys nothing" if gain <= max(spread, 0.1) else "gained here, against expectation"
    narrow = ", ".join(f"{value:.2f}" for value in medians[1:5])
    return (
        f"Depth without a nonlinearity {verdict}: four hidden layers of 100 ({deepest['parameters']:,} parameters) "
        f"reach {medians[-1]:.2f} %, no hidden layer ({rows[0]['parameters']:,} parameters) {medians[0]:.2f} %, a "
        f"difference of {gain:+.2f} points. A product of linear maps is one linear map; a hidden layer narrower than "
        f"nine (softmax ignores what ten logits share) only lowers its rank: widths 5, 6, 7, 8 reach {narrow} %."
    )


def stack_figures(
    folder: pathlib.Path, rows: Sequence[Mapping[str, Any]], digits: Digits, title: str
) -> dict[str, Figure]:
    """Test digits with their labels, the deepest stack's answers, accuracy from 0 to 100 and from 90 to 93 %.

    Args:
        folder: of the study.
        rows: as of `stack_finding`.
        digits: what was trained on.
        title: of the accuracies.
    """
    images, labels = digits.test_images, digits.test_labels
    name = rows[-1]["recipe"]
    run = sorted(folder.glob(f"{name}-seed-*"))[0]
    probabilities = load_predictor(run).predict(images)
    return {
        "stack_digits": label_grid(images, labels, side=5),
        "stack_predictions": prediction_grid(images, labels, probabilities, 3, 3, f"{name} on {digits.name}"),
        "stack_accuracy": accuracy_by_recipe(rows, title, limits=(0, 100)),
        "stack_accuracy_zoom": accuracy_by_recipe(rows, title, limits=(90, 93)),
    }
