"""Digits in rows and columns, with what they are and what they were read as."""

from collections.abc import Sequence

import numpy as np
from matplotlib.figure import Figure

from mnist_keras.reports.style import TEST, WRONG, new_figure


def digit_grid(
    images: np.ndarray, captions: Sequence[str], columns: int, title: str, wrong: Sequence[bool] = ()
) -> Figure:
    """One picture a cell.

    Args:
        images: uint8 (examples, 28, 28).
        captions: one an image, above it.
        columns: pictures in a row.
        title: stands above.
        wrong: captions of these are red.
    """
    rows = max(1, -(-len(images) // columns))
    figure = new_figure(max(5, 1.25 * columns), 1.5 * rows + 0.5, title)
    cells = figure.subplots(rows, columns, squeeze=False).ravel()
    for cell in cells:
        cell.set_axis_off()
    for index, (cell, image, caption) in enumerate(zip(cells, images, captions, strict=False)):
        cell.imshow(image, cmap="gray", vmin=0, vmax=255, interpolation="none")
        cell.set_title(caption, fontsize=9, color=WRONG if index < len(wrong) and wrong[index] else TEST)
    return figure


def label_grid(images: np.ndarray, labels: np.ndarray, side: int, seed: int = 0) -> Figure:
    """side x side random images with their labels."""
    chosen = np.random.default_rng(seed).choice(len(images), min(side * side, len(images)), replace=False)
    return digit_grid(images[chosen], [str(label) for label in labels[chosen]], side, "Test images and labels")


def prediction_grid(
    images: np.ndarray,
    labels: np.ndarray,
    probabilities: np.ndarray,
    rows: int,
    columns: int,
    title: str,
    seed: int = 0,
) -> Figure:
    """Random images with label and prediction; wrong ones are red."""
    chosen = np.random.default_rng(seed).choice(len(images), min(rows * columns, len(images)), replace=False)
    predictions = probabilities.argmax(axis=1)
    captions = [f"is {labels[index]}, read {predictions[index]}" for index in chosen]
    return digit_grid(images[chosen], captions, columns, title, wrong=labels[chosen] != predictions[chosen])


def misclassified_grid(images: np.ndarray, labels: np.ndarray, probabilities: np.ndarray, side: int = 5) -> Figure:
    """The wrong answers that the model was surest of, the surest first."""
    predictions, confidence = probabilities.argmax(axis=1), probabilities.max(axis=1)
    wrong = np.flatnonzero(predictions != labels)
    shown = wrong[np.argsort(-confidence[wrong], kind="stable")][: side * side]
    captions = [f"{labels[index]} as {predictions[index]}, {confidence[index]:.0%}" for index in shown]
    title = f"Misclassified: {len(wrong)} of {len(labels)}" + (", the surest" if len(shown) < len(wrong) else "")
    return digit_grid(images[shown], captions, side, title, wrong=[True] * len(shown))


def least_certain_grid(images: np.ndarray, labels: np.ndarray, probabilities: np.ndarray, side: int = 5) -> Figure:
    """The right answers that the model was least sure of, with its second guess."""
    order = probabilities.argsort(axis=1)
    confidence = probabilities.max(axis=1)
    right = np.flatnonzero(order[:, -1] == labels)
    shown = right[np.argsort(confidence[right], kind="stable")][: side * side]
    captions = [
        f"{order[index, -1]} {confidence[index]:.0%}, {order[index, -2]} {probabilities[index, order[index, -2]]:.0%}"
        for index in shown
    ]
    return digit_grid(images[shown], captions, side, "Read right, but least certain")


def augmentation_grid(originals: np.ndarray, augmented: Sequence[np.ndarray]) -> Figure:
    """What augmentation does: a row a digit, the original first.

    Args:
        originals: uint8 (digits, 28, 28).
        augmented: several arrays like it, one a column.
    """
    columns = [originals, *augmented]
    images = np.stack(columns, axis=1).reshape(-1, *originals.shape[1:])
    captions = ["original" if index % len(columns) == 0 else "" for index in range(len(images))]
    return digit_grid(images, captions, len(columns), "What augmentation makes of a digit")
