"""Grids of images with the names of their labels and predictions."""

from collections.abc import Sequence

import numpy as np
from matplotlib.figure import Figure
from matplotlib.patches import Patch

from mnist_keras.data.digits import DIGIT_NAMES
from mnist_keras.reports.style import TEST, WRONG, new_figure
from mnist_keras.reports.text import shorten

# Of grids of chosen images.
_COLUMNS = 6
# Of a caption; "predicted 7, 100%" fits a cell of 1.25 inches.
_INCHES_PER_CHARACTER = 0.073


def digit_grid(
    images: np.ndarray, captions: Sequence[str], columns: int, title: str, wrong: Sequence[bool] | np.ndarray = ()
) -> Figure:
    """Draws one digit per cell, row by row, with a caption above each.

    Args:
        images: uint8 (examples, 28, 28).
        captions: one per image, of one or two lines.
        columns: number of digits per row.
        title: the figure's title.
        wrong: one per image, or empty; captions of True ones are red. A legend explains the colors if there are both.
    """
    rows = max(1, -(-len(images) // columns))
    lines = max((caption.count("\n") + 1 for caption in captions if caption), default=0)
    # Captions of long names need wider cells.
    longest = max((len(line) for caption in captions for line in caption.split("\n")), default=0)
    width = max(1.25, _INCHES_PER_CHARACTER * longest)
    figure = new_figure(max(5, width * columns), (1.35 + 0.15 * lines) * rows + 0.5, title)
    cells = figure.subplots(rows, columns, squeeze=False).ravel()
    for cell in cells:
        cell.set_axis_off()
    for index, (cell, image, caption) in enumerate(zip(cells, images, captions, strict=False)):
        cell.imshow(image, cmap="gray", vmin=0, vmax=255, interpolation="none")
        color = WRONG if index < len(wrong) and wrong[index] else TEST
        cell.set_title(caption, fontsize=9, color=color, parse_math=False)
    if len(set(map(bool, wrong))) == 2:
        kinds = [Patch(color=TEST, label="correct"), Patch(color=WRONG, label="misclassified")]
        figure.legend(handles=kinds, loc="outside lower center", ncols=2, frameon=False)
    return figure


def label_grid(
    images: np.ndarray, labels: np.ndarray, side: int, seed: int = 0, class_names: Sequence[str] = DIGIT_NAMES
) -> Figure:
    """Draws side x side random images with their labels.

    Args:
        images: uint8 (examples, 28, 28).
        labels: integers (examples,).
        side: number of rows and of columns.
        seed: of the random choice.
        class_names: the name of each class.
    """
    chosen = np.random.default_rng(seed).choice(len(images), min(side * side, len(images)), replace=False)
    captions = [shorten(class_names[label]) for label in labels[chosen]]
    return digit_grid(images[chosen], captions, side, "Test images and their labels")


def prediction_grid(
    images: np.ndarray,
    labels: np.ndarray,
    probabilities: np.ndarray,
    rows: int,
    columns: int,
    title: str,
    seed: int = 0,
    class_names: Sequence[str] = DIGIT_NAMES,
) -> Figure:
    """Draws random images with label and prediction; captions of wrong predictions are red.

    Args:
        images: uint8 (examples, 28, 28).
        labels: integers (examples,).
        probabilities: predicted, (examples, classes).
        rows, columns: of the grid.
        title: the figure's title.
        seed: of the random choice.
        class_names: the name of each class.
    """
    chosen = np.random.default_rng(seed).choice(len(images), min(rows * columns, len(images)), replace=False)
    predictions = probabilities.argmax(axis=1)
    names = [shorten(name) for name in class_names]
    captions = [f"label {names[labels[index]]}\npredicted {names[predictions[index]]}" for index in chosen]
    return digit_grid(images[chosen], captions, columns, title, wrong=labels[chosen] != predictions[chosen])


def misclassified_grid(
    images: np.ndarray,
    labels: np.ndarray,
    probabilities: np.ndarray,
    maximum: int = 24,
    class_names: Sequence[str] = DIGIT_NAMES,
) -> Figure:
    """Draws misclassified test images with label, prediction and confidence, most confident first.

    Args:
        images: uint8 (examples, 28, 28).
        labels: integers (examples,).
        probabilities: predicted, (examples, classes).
        maximum: number of images that are shown.
        class_names: the name of each class.
    """
    predictions, confidence = probabilities.argmax(axis=1), probabilities.max(axis=1)
    wrong = np.flatnonzero(predictions != labels)
    shown = wrong[np.argsort(-confidence[wrong], kind="stable")][:maximum]
    names = [shorten(name) for name in class_names]
    captions = [
        f"label {names[labels[index]]}\npredicted {names[predictions[index]]}, {confidence[index]:.0%}"
        for index in shown
    ]
    title = f"Misclassified: {len(wrong)} of {len(labels):,} images, most confident first"
    return digit_grid(images[shown], captions, _COLUMNS, title, wrong=[True] * len(shown))


def changed_grid(
    images: np.ndarray,
    labels: np.ndarray,
    before: np.ndarray,
    after: np.ndarray,
    maximum: int = 24,
    class_names: Sequence[str] = DIGIT_NAMES,
) -> Figure | None:
    """Draws test images that one of two models misclassifies: first the corrected ones, then the newly misclassified.

    Args:
        images: uint8 (examples, 28, 28).
        labels: integers (examples,).
        before: predicted classes, integers (examples,).
        after: the same after training; wrong ones have red captions.
        maximum: number of images that are shown.
        class_names: the name of each class.

    Returns:
        The figure, or None if the two models misclassify the same images.
    """
    was_correct, is_correct = before == labels, after == labels
    corrected, lost = np.flatnonzero(is_correct & ~was_correct), np.flatnonzero(was_correct & ~is_correct)
    shown = np.concatenate([corrected, lost])[:maximum]
    if not len(shown):
        return None
    names = [shorten(name) for name in class_names]
    captions = [
        f"label {names[labels[index]]}\n{names[before[index]]} before, {names[after[index]]} after" for index in shown
    ]
    title = f"{len(corrected)} corrected and {len(lost)} newly misclassified of {len(labels)} test images"
    return digit_grid(images[shown], captions, _COLUMNS, title, wrong=~is_correct[shown])


def least_confident_grid(
    images: np.ndarray,
    labels: np.ndarray,
    probabilities: np.ndarray,
    maximum: int = 24,
    class_names: Sequence[str] = DIGIT_NAMES,
) -> Figure:
    """Draws the least confident correct predictions with the probabilities of the two most probable classes.

    Args:
        images: uint8 (examples, 28, 28).
        labels: integers (examples,).
        probabilities: predicted, (examples, classes).
        maximum: number of images that are shown.
        class_names: the name of each class.
    """
    order = probabilities.argsort(axis=1)
    confidence = probabilities.max(axis=1)
    correct = np.flatnonzero(order[:, -1] == labels)
    shown = correct[np.argsort(confidence[correct], kind="stable")][:maximum]
    captions = [
        ", ".join(f"{shorten(class_names[best])}: {probabilities[index, best]:.0%}" for best in order[index, :-3:-1])
        for index in shown
    ]
    title = "Correct predictions, least confident first, with the two most probable classes"
    return digit_grid(images[shown], captions, _COLUMNS, title)


def augmentation_grid(originals: np.ndarray, augmented: Sequence[np.ndarray]) -> Figure:
    """Draws one digit per row: the original, then its augmented copies.

    Args:
        originals: uint8 (digits, 28, 28).
        augmented: one array like `originals` per column.
    """
    columns = [originals, *augmented]
    images = np.stack(columns, axis=1).reshape(-1, *originals.shape[1:])
    title = "Training images (first column) and their augmented copies"
    return digit_grid(images, [""] * len(images), len(columns), title)
