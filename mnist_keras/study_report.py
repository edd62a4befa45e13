"""What a study leaves behind: one table, its figure, and for the stack its finding."""

import pathlib
from collections.abc import Mapping, Sequence
from typing import Any

from mnist_keras.digits import Digits
from mnist_keras.figures import (
    ablation_figure,
    accuracy_by_recipe,
    error_by_parameters,
    label_grid,
    prediction_grid,
    save_figure,
)
from mnist_keras.history import write_rows
from mnist_keras.prediction import load_predictor
from mnist_keras.recipes import STACK


def write_study(
    folder: pathlib.Path, rows: Sequence[Mapping[str, Any]], digits: Digits, is_ablation: bool = False
) -> str:
    """Writes table.csv, table.md, accuracy.png and parameters.png, and returns the text of table.md.

    A study of all eleven stack recipes also leaves stack_digits.png (test images with their labels),
    stack_predictions.png (one model's answers), stack_accuracy.png (0-100) and stack_accuracy_zoom.png (90-93),
    and its finding stands under the table.

    Args:
        folder: the study's.
        rows: from `run_study`.
        digits: what was trained on.
        is_ablation: whether the rows are of a recipe and its variants; then ablation.png is drawn too.
    """
    text = table(rows)
    stack = [row for row in rows if row["recipe"] in {recipe.name for recipe in STACK}]
    if len(stack) == len(STACK):
        text += f"\n{stack_finding(stack)}\n"
        _draw_stack(folder, stack, digits)
    flat = [{**row, "accuracies": " ".join(f"{value:.2f}" for value in row["accuracies"])} for row in rows]
    write_rows(folder / "table.csv", flat)
    (folder / "table.md").write_text(text)
    save_figure(accuracy_by_recipe(rows, _title(digits)), folder / "accuracy.png")
    save_figure(error_by_parameters(rows, _title(digits)), folder / "parameters.png")
    if is_ablation:
        save_figure(ablation_figure(rows, _title(digits)), folder / "ablation.png")
    return text


def table(rows: Sequence[Mapping[str, Any]]) -> str:
    """The rows as a Markdown table; with ten test labels corrected too, where all rows have that figure."""
    columns = dict(_COLUMNS)
    if any(row["corrected"] is None for row in rows):
        del columns["corrected"]
    lines = [f"| {' | '.join(columns)} |", "|" + "---|" * len(columns)]
    lines += [f"| {' | '.join(cell(row) for cell in columns.values())} |" for row in rows]
    return "\n".join(lines) + "\n"


def _mean(row: Mapping[str, Any]) -> str:
    # Five seeds tell thousandths apart.
    digits = 3 if row["seeds"] >= 5 else 2
    spread = "" if row["sd"] is None else f" ± {row['sd']:.{digits}f}"
    return f"{row['mean']:.{digits}f}{spread}"


_COLUMNS = {
    "recipe": lambda row: f"`{row['recipe']}`",
    "parameters": lambda row: f"{row['parameters']:,}",
    "published": lambda row: "-" if row["published"] is None else f"{row['published']:.2f}",
    "median": lambda row: f"{row['median']:.2f}",
    "mean ± sd": _mean,
    "min": lambda row: f"{row['min']:.2f}",
    "max": lambda row: f"{row['max']:.2f}",
    "corrected": lambda row: f"{row['corrected']:.3f}",
    "seeds": lambda row: str(row["seeds"]),
    "epochs": lambda row: str(row["epochs"]),
    "time": lambda row: f"{row['seconds'] / 60:.1f} min",
}


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


def _draw_stack(folder: pathlib.Path, rows: Sequence[Mapping[str, Any]], digits: Digits) -> None:
    images, labels = digits.test_images, digits.test_labels
    name = rows[-1]["recipe"]
    run = sorted(folder.glob(f"{name}-seed-*"))[0]
    probabilities = load_predictor(run).predict(images)
    figures = {
        "stack_digits": label_grid(images, labels, side=5),
        "stack_predictions": prediction_grid(images, labels, probabilities, 3, 3, f"{name} on {digits.name}"),
        "stack_accuracy": accuracy_by_recipe(rows, _title(digits), limits=(0, 100)),
        "stack_accuracy_zoom": accuracy_by_recipe(rows, _title(digits), limits=(90, 93)),
    }
    for file, figure in figures.items():
        save_figure(figure, folder / f"{file}.png")


def _title(digits: Digits) -> str:
    return f"Accuracy at the last epoch, {digits.name}, {len(digits.test_labels):,} test images"
