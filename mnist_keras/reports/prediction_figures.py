"""Figures of predictions on image files: what the network sees of each image; misclassified images."""

from collections.abc import Sequence

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.patches import Rectangle

from mnist_keras.inference.images import DigitPrediction
from mnist_keras.inference.preprocessing.image_files import load_image
from mnist_keras.reports.style import MUTED, TEST, WRONG, new_figure

# Maximum number of images of a figure.
_MAX_ROWS, _MAX_ERRORS = 20, 60
_ERRORS_PER_ROW = 5


def predictions_figure(predictions: Sequence[DigitPrediction]) -> Figure:
    """Draws the first 20 predictions, one per row: image with the digit's box, 28x28 digit, probabilities."""
    shown = predictions[:_MAX_ROWS]
    figure = new_figure(7, 1.6 * max(1, len(shown)) + 0.6, _title("Predictions", shown, predictions))
    rows = figure.subplots(max(1, len(shown)), 3, squeeze=False, width_ratios=(1, 1, 2))
    for (image, digit, bars), prediction in zip(rows, shown, strict=False):
        _draw_image(image, prediction)
        digit.imshow(prediction.normalized.digit, cmap="gray", vmin=0, vmax=255)
        digit.set_axis_off()
        colors = [TEST if value == prediction.digit else MUTED for value in range(10)]
        bars.bar(range(10), prediction.probabilities, color=colors)
        bars.set(xticks=range(10), yticks=(), ylim=(0, 1))
        bars.spines[["top", "right", "left"]].set_visible(False)
        answer = "-" if prediction.digit is None else f"{prediction.digit} ({prediction.probabilities.max():.0%})"
        color = WRONG if prediction.warnings else TEST
        bars.set_title("  ".join([answer, *prediction.warnings]), fontsize=9, color=color)
    return figure


def errors_figure(predictions: Sequence[DigitPrediction], labels: Sequence[int]) -> Figure:
    """Draws the first 60 misclassified images: the image with the digit's box and the 28x28 digit beside it.

    Args:
        predictions: of labeled images, right and wrong ones.
        labels: of the images.
    """
    wrong = [
        (prediction, label)
        for prediction, label in zip(predictions, labels, strict=True)
        if prediction.digit != int(label)
    ]
    shown = wrong[:_MAX_ERRORS]
    rows = max(1, -(-len(shown) // _ERRORS_PER_ROW))
    figure = new_figure(10, 1.5 * rows + 0.6, _title("Misclassified images", shown, wrong))
    cells = figure.subplots(rows, 2 * _ERRORS_PER_ROW, squeeze=False)
    for axes in cells.ravel():
        axes.set_axis_off()
    for (image, digit), (prediction, label) in zip(cells.reshape(-1, 2), shown, strict=False):
        _draw_pixels(image, load_image(prediction.file))
        _draw_box(image, prediction, WRONG)
        digit.imshow(prediction.normalized.digit, cmap="gray", vmin=0, vmax=255)
        answer = "-" if prediction.digit is None else prediction.digit
        color = MUTED if prediction.warnings else WRONG
        digit.set_title(f"label {label}, predicts {answer}", fontsize=7, color=color)
        image.set_title(prediction.file[-16:], fontsize=7, parse_math=False)
    return figure


def _title(text: str, shown: Sequence, everything: Sequence) -> str:
    return text + (f" (the first {len(shown)} of {len(everything)})" if len(shown) < len(everything) else "")


def _draw_image(axes: Axes, prediction: DigitPrediction) -> None:
    _draw_pixels(axes, load_image(prediction.file))
    _draw_box(axes, prediction, WRONG)
    axes.set_title(prediction.file[-28:], fontsize=8, parse_math=False)


def _draw_pixels(axes: Axes, picture: np.ndarray) -> None:
    axes.imshow(picture[..., 0] if picture.shape[2] < 3 else picture, cmap="gray", vmin=0, vmax=255)
    axes.set_axis_off()


def _draw_box(axes: Axes, prediction: DigitPrediction, color: str) -> None:
    top, left, bottom, right = prediction.normalized.box
    axes.add_patch(Rectangle((left - 0.5, top - 0.5), right - left, bottom - top, fill=False, color=color))
