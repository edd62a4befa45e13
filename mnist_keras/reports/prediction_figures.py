"""Figures of predictions on image files: what was seen and removed, what was misclassified, what is no digit."""

import pathlib
from collections.abc import Sequence

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.patches import Patch, Rectangle

from mnist_keras.evaluation.labeled_images import FieldTest
from mnist_keras.inference.images import DigitPrediction, NumberPrediction
from mnist_keras.inference.preprocessing.digit import IS_DIGIT_THRESHOLD
from mnist_keras.inference.preprocessing.image_files import load_image
from mnist_keras.inference.preprocessing.normalize import find_removed_ink
from mnist_keras.reports.style import MUTED, TEST, WRONG, new_figure
from mnist_keras.reports.text import shorten

# Maximum number of images of a figure.
_MAX_ROWS, _MAX_ERRORS = 20, 60
_ERRORS_PER_ROW = 5
# Maximum number of classes whose probabilities are drawn.
_MAX_BARS = 20


def predictions_figure(predictions: Sequence[DigitPrediction]) -> Figure:
    """Draws the first 20 predictions, one per row.

    Its columns are the image with the digit's box (red if there is a warning), the ink that was found, with the removed
    part in red, the 28x28 digit that is the network's input, and the probabilities.
    """
    shown = predictions[:_MAX_ROWS]
    figure = new_figure(8.5, 1.6 * max(1, len(shown)) + 0.6, _title("Predictions", shown, predictions))
    rows = figure.subplots(max(1, len(shown)), 4, squeeze=False, width_ratios=(1, 1, 1, 2))
    for (image, ink, digit, bars), prediction in zip(rows, shown, strict=False):
        picture = load_image(prediction.file)
        _draw_image(image, picture, prediction)
        _draw_ink(ink, picture)
        digit.imshow(prediction.normalized.digit, cmap="gray", vmin=0, vmax=255)
        digit.set_axis_off()
        _draw_bars(bars, prediction)
        bars.spines[["top", "right", "left"]].set_visible(False)
        answer = (
            "-"
            if prediction.digit is None
            else f"{shorten(str(prediction.class_name))} ({prediction.probabilities.max():.0%})"
        )
        color = WRONG if prediction.warnings else TEST
        bars.set_title("  ".join([answer, *prediction.warnings]), fontsize=9, color=color, parse_math=False)
    if len(shown):
        for axes, title in zip(rows[0][1:3], ("ink (red: removed)", "network's input"), strict=True):
            axes.set_title(title, fontsize=8)
        rows[0][3].set_ylabel("probability", fontsize=8)
    return figure


def numbers_figure(predictions: Sequence[NumberPrediction], title: str = "Predictions") -> Figure:
    """Draws the first 20 images with a box around each digit, its prediction above, and the 28x28 digits below."""
    shown = predictions[:_MAX_ROWS]
    figure = new_figure(8, 2.6 * max(1, len(shown)) + 0.6, _title(title, shown, predictions))
    rows = figure.subplots(2 * max(1, len(shown)), 1, squeeze=False, height_ratios=(3, 1) * max(1, len(shown)))[:, 0]
    for image, inputs, number in zip(rows[::2], rows[1::2], shown, strict=False):
        picture = load_image(number.file)
        _draw_pixels(image, picture)
        for digit in number.digits:
            color = WRONG if digit.warnings else TEST
            top, left = _draw_box(image, digit, color)
            image.text(left, top, str(digit.digit), color=color, fontsize=9, va="bottom")
        text = number.text.replace("\n", " / ") or "-"
        warnings = "  ".join(number.warnings)
        image.set_title(f"{_file_name(number.file, 40)}: {text}  {warnings}", fontsize=9, parse_math=False)
        if number.digits:
            inputs.imshow(np.hstack([digit.normalized.digit for digit in number.digits]), cmap="gray", vmin=0, vmax=255)
        inputs.set_axis_off()
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
    columns = max(1, min(_ERRORS_PER_ROW, len(shown)))
    rows = max(1, -(-len(shown) // columns))
    figure = new_figure(max(4, 2 * columns), 1.5 * rows + 0.6, _title("Misclassified images", shown, wrong))
    cells = figure.subplots(rows, 2 * columns, squeeze=False)
    for axes in cells.ravel():
        axes.set_axis_off()
    for (image, digit), (prediction, label) in zip(cells.reshape(-1, 2), shown, strict=False):
        _draw_pixels(image, load_image(prediction.file))
        _draw_box(image, prediction, WRONG)
        digit.imshow(prediction.normalized.digit, cmap="gray", vmin=0, vmax=255)
        answer = "-" if prediction.class_name is None else shorten(prediction.class_name)
        color = MUTED if prediction.warnings else WRONG
        name = shorten(prediction.class_names[int(label)])
        digit.set_title(f"label {name}, predicts {answer}", fontsize=7, color=color, parse_math=False)
        image.set_title(_file_name(prediction.file, 16), fontsize=7, parse_math=False)
    if any(prediction.warnings for prediction, _ in shown):
        kinds = [Patch(color=WRONG, label="without a warning"), Patch(color=MUTED, label="with a warning")]
        figure.legend(handles=kinds, loc="outside lower center", ncols=2, frameon=False, fontsize=8)
    return figure


def rejection_figure(test: FieldTest) -> Figure:
    """Draws the ROC curve of `is_digit`: images of no digit that are told, against digits that are taken for none.

    Args:
        test: with images of no digit.
    """
    digits, others = (
        np.array([prediction.normalized.is_digit for prediction in part]) for part in (test.predictions, test.no_digits)
    )
    thresholds = np.unique(np.concatenate([digits, others, [0, np.inf]]))
    told, lost = (np.searchsorted(np.sort(scores), thresholds) / len(scores) for scores in (others, digits))
    figure = new_figure(5, 4.2, f"is_digit: AUROC {test.auroc:.3f}")
    axes = figure.subplots()
    axes.plot(100 * lost, 100 * told, color=TEST, drawstyle="steps-post")
    at = np.array([(scores < IS_DIGIT_THRESHOLD).mean() for scores in (digits, others)])
    axes.plot(*(100 * at), "o", color=WRONG, label=f"the threshold of the warning, {IS_DIGIT_THRESHOLD:g}")
    axes.set(
        xlabel=f"digits predicted as no digit (%, of {len(digits)})",
        ylabel=f"images of no digit predicted as such (%, of {len(others)})",
        xscale="symlog",
        xlim=(0, 100),
        ylim=(0, 101),
        xticks=(0, 1, 2, 5, 10, 100),
        xticklabels=("0", "1", "2", "5", "10", "100"),
    )
    axes.grid(alpha=0.3)
    axes.legend(loc="lower right")
    return figure


def _file_name(file: str, maximum: int) -> str:
    """Returns the end of a file's name, without its folder."""
    name = pathlib.Path(file).name
    return name if len(name) <= maximum else f"\u2026{name[1 - maximum :]}"


def _title(text: str, shown: Sequence, everything: Sequence) -> str:
    return text + (f" (the first {len(shown)} of {len(everything)})" if len(shown) < len(everything) else "")


def _draw_image(axes: Axes, picture: np.ndarray, prediction: DigitPrediction) -> None:
    _draw_pixels(axes, picture)
    _draw_box(axes, prediction, WRONG if prediction.warnings else TEST)
    axes.set_title(_file_name(prediction.file, 22), fontsize=8, parse_math=False)


def _draw_bars(axes: Axes, prediction: DigitPrediction) -> None:
    """Draws the probabilities of all classes; of more than 20, those of the most probable ones."""
    classes = np.arange(len(prediction.probabilities))
    if len(classes) > _MAX_BARS:
        classes = np.sort(prediction.probabilities.argsort(kind="stable")[-_MAX_BARS:])
    colors = [TEST if index == prediction.digit else MUTED for index in classes]
    names = [shorten(prediction.class_names[index]) for index in classes]
    axes.bar(range(len(classes)), prediction.probabilities[classes], color=colors)
    axes.set(yticks=(), ylim=(0, 1))
    axes.set_xticks(range(len(classes)), names, rotation=90 if max(map(len, names)) > 2 else 0, parse_math=False)


def _draw_pixels(axes: Axes, picture: np.ndarray) -> None:
    axes.imshow(picture[..., 0] if picture.shape[2] < 3 else picture, cmap="gray", vmin=0, vmax=255)
    axes.set_axis_off()


def _draw_box(axes: Axes, prediction: DigitPrediction, color: str) -> tuple[int, int]:
    """Draws the digit's bounding box, and returns its top and left edge."""
    top, left, bottom, right = prediction.normalized.box
    axes.add_patch(Rectangle((left - 0.5, top - 0.5), right - left, bottom - top, fill=False, color=color))
    return top, left


def _draw_ink(axes: Axes, picture: np.ndarray) -> None:
    ink, kept, (top, left, bottom, right) = find_removed_ink(picture)
    removed = np.clip(ink - kept, 0, 1)
    # White paper; removed ink takes away green and blue alone.
    colors = np.stack([1 - kept, 1 - ink, 1 - ink], axis=2)
    axes.imshow(
        np.where(removed[..., np.newaxis] > 0.05, colors, (1 - kept)[..., np.newaxis]).clip(0, 1),
        extent=(left, right, bottom, top),
    )
    axes.set(xlim=(0, picture.shape[1]), ylim=(picture.shape[0], 0))
    axes.set_axis_off()
