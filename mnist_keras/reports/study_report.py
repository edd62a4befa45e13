"""The report of a study: its table, its figures and its HTML page, and the finding of the stacks of linear layers."""

import datetime
import pathlib
from collections.abc import Callable, Mapping, Sequence
from typing import Any

from matplotlib.figure import Figure

from mnist_keras.data import Digits
from mnist_keras.data.digits import is_whole_mnist, kind_of_test_set
from mnist_keras.files import write_rows, write_text
from mnist_keras.inference.predictor import load_predictor
from mnist_keras.recipes import STACK
from mnist_keras.reports.digit_grids import label_grid, prediction_grid
from mnist_keras.reports.html import render
from mnist_keras.reports.study_figures import ablation_figure, accuracy_by_recipe, error_by_parameters
from mnist_keras.reports.style import save_figure
from mnist_keras.reports.text import markdown_table

Row = Mapping[str, Any]


def write_study(folder: pathlib.Path, rows: Sequence[Row], digits: Digits, is_ablation: bool = False) -> str:
    """Writes a study's table.csv, table.md, figures and report.html, and returns the text of table.md.

    Each file is written atomically: processes that train runs of one study may finish it at the same time.

    The figures are accuracy.png and parameters.png. A study of all eleven stack recipes also gets stack_digits.png
    (test images with their labels), stack_predictions.png (one model's predictions), stack_accuracy.png (0 to 100 %)
    and stack_accuracy_zoom.png (90 to 93 %), and its finding below the table.

    Args:
        folder: the study's folder.
        rows: from `run_study`.
        digits: the data of the study.
        is_ablation: whether the rows are a recipe and its variants; draws ablation.png too.
    """
    kind = kind_of_test_set(digits.name)
    data = f"after the last epoch, {digits.name}, {len(digits.test_labels):,} images"
    title = f"{kind.capitalize()} accuracy {data}"
    published = is_whole_mnist(digits.name, len(digits.train_labels))
    figures = {
        "accuracy": accuracy_by_recipe(rows, title, kind),
        "parameters": error_by_parameters(rows, f"{kind.capitalize()} error {data}", kind, published),
    }
    if is_ablation:
        figures = {"ablation": ablation_figure(rows, title), **figures}
    stack = [row for row in rows if row["recipe"] in {recipe.name for recipe in STACK}]
    finding = ""
    if len(stack) == len(STACK):
        finding = stack_finding(stack)
        figures |= stack_figures(folder, stack, digits, title, kind)
    text = table(rows) + (f"\n{finding}\n" if finding else "")
    write_rows(folder / "table.csv", [_csv_row(row) for row in rows])
    write_text(folder / "table.md", text)
    for name, figure in figures.items():
        save_figure(figure, folder / f"{name}.png")
    page = study_page(title, datetime.date.today().isoformat(), columns_for(rows), rows, finding, figures)
    write_text(folder / "report.html", page)
    return text


def _csv_row(row: Row) -> dict[str, Any]:
    accuracies = " ".join(f"{value:.2f}" for value in row["accuracies"])
    return {**{name: value for name, value in row.items() if name != "runs"}, "accuracies": accuracies}


def columns_for(rows: Sequence[Row]) -> dict[str, Callable[[Row], str]]:
    """Returns the table's columns: heading -> function from a row to its cell.

    The columns "published" and "corrected" are left out if no row has a published accuracy of the same protocol or an
    accuracy after label fixes.
    """
    optional = {"published": "published_accuracy", "corrected": "corrected"}
    empty = [heading for heading, key in optional.items() if all(row[key] is None for row in rows)]
    return {heading: cell for heading, cell in _COLUMNS.items() if heading not in empty}


def table(rows: Sequence[Row]) -> str:
    """Returns the rows as a Markdown table with the columns of `columns_for`."""
    columns = columns_for(rows)
    cells = [[cell(row) for cell in columns.values()] for row in rows]
    return markdown_table(list(columns), [[f"`{recipe}`", *others] for recipe, *others in cells])


def _mean(row: Row) -> str:
    # From five seeds on, the third decimal of the mean carries information.
    decimals = 3 if row["seeds"] >= 5 else 2
    deviation = "" if row["sd"] is None else f" ± {row['sd']:.{decimals}f}"
    return f"{row['mean']:.{decimals}f}{deviation}"


_COLUMNS: dict[str, Callable[[Row], str]] = {
    "recipe": lambda row: row["recipe"],
    "parameters": lambda row: f"{row['parameters']:,}",
    "published": lambda row: "-" if row["published_accuracy"] is None else f"{row['published_accuracy']:.2f}",
    "median": lambda row: f"{row['median']:.2f}",
    "mean ± sd": _mean,
    "min": lambda row: f"{row['min']:.2f}",
    "max": lambda row: f"{row['max']:.2f}",
    "corrected": lambda row: "-" if row["corrected"] is None else f"{row['corrected']:.3f}",
    "seeds": lambda row: str(row["seeds"]),
    "epochs": lambda row: str(row["epochs"]),
    # Minutes in every row, so that rows compare.
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
    """Returns the HTML page of a study: its table with links to the reports of its runs, and its figures.

    Args:
        title: quantity and data of the table.
        date: of the page, as YYYY-MM-DD.
        columns: from `columns_for`.
        rows: from `run_study`.
        finding: a paragraph below the table; empty for none.
        figures: by name, in the order of the page.
    """
    cells = [(row, [cell(row) for cell in columns.values()]) for row in rows]
    return render(
        "study.html", figures, title=title, date=date, columns=columns, cells=cells, rows=rows, finding=finding
    )


def stack_finding(rows: Sequence[Row]) -> str:
    """States the effect of depth without a nonlinearity, from the accuracies of the eleven stacks.

    Args:
        rows: of stack_0 ... stack_10, in this order.
    """
    medians = [row["median"] for row in rows]
    deepest = rows[-1]
    gain = medians[-1] - medians[0]
    spread = max(medians[7:]) - min(medians[7:])
    verdict = "does not raise the accuracy" if gain <= max(spread, 0.1) else "raises the accuracy here, unexpectedly"
    narrow = ", ".join(f"{value:.2f}" for value in medians[1:5])
    return (
        f"Depth without a nonlinearity {verdict}: four hidden layers of 100 units ({deepest['parameters']:,} "
        f"parameters) reach {medians[-1]:.2f} %, no hidden layer ({rows[0]['parameters']:,} parameters) "
        f"{medians[0]:.2f} %, a difference of {gain:+.2f} points. A product of linear maps is one linear map; a hidden "
        f"layer of fewer than nine units lowers its rank (softmax ignores a constant added to all ten logits): "
        f"5, 6, 7, 8 units reach {narrow} %."
    )


def stack_figures(
    folder: pathlib.Path, rows: Sequence[Row], digits: Digits, title: str, kind: str
) -> dict[str, Figure]:
    """Draws test images with labels, the deepest stack's predictions, and accuracies from 0 to 100 and 90 to 93 %.

    Args:
        folder: the study's folder.
        rows: of stack_0 ... stack_10, in this order.
        digits: the data of the study.
        title, kind: of the figures of accuracy, see `accuracy_by_recipe`.
    """
    images, labels, names = digits.test_images, digits.test_labels, digits.class_names
    name = rows[-1]["recipe"]
    run = sorted(folder.glob(f"{name}-seed-*"))[0]
    probabilities = load_predictor(run).predict(images)
    return {
        "stack_digits": label_grid(images, labels, side=5, class_names=names),
        "stack_predictions": prediction_grid(
            images, labels, probabilities, 3, 3, f"{name} on {digits.name}", class_names=names
        ),
        "stack_accuracy": accuracy_by_recipe(rows, title, kind, limits=(0, 100)),
        "stack_accuracy_zoom": accuracy_by_recipe(rows, title, kind, limits=(90, 93)),
    }
