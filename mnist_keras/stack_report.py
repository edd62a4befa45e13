"""What eleven stacks of linear layers show."""

import pathlib
from collections.abc import Mapping, Sequence
from typing import Any

from matplotlib.figure import Figure

from mnist_keras.digits import Digits
from mnist_keras.figures import accuracy_by_recipe, label_grid, prediction_grid
from mnist_keras.prediction import load_predictor


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
