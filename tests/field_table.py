"""Measures how trained models read images of every kind, and prints a Markdown table.

    python tests/field_table.py IMAGES MODEL...

IMAGES has the folders `cells` and `pens` (images of one digit, whose name begins with it), `rows` (of numbers) and
`no_digits`; those that are missing are left out. Pairs of overlapping digits are made of MNIST's test images.
Each MODEL is an export of the same recipe with another seed: the table has the median and the range. Beside the
package's preprocessing stand two simple ones: the whole image resized to 28x28 pixels, and the bounding box of the ink
by Otsu's threshold, fitted and centered as MNIST's digits.
"""

import pathlib
import statistics
import sys
import tempfile
from collections.abc import Callable, Sequence

import numpy as np
from PIL import Image

from mnist_keras.data import load_digits
from mnist_keras.evaluation.labeled_images import label_from_path
from mnist_keras.evaluation.labeled_numbers import edit_distance, number_from_path
from mnist_keras.inference.images import list_images, predict_file, predict_number
from mnist_keras.inference.predictor import Predictor, load_predictor
from mnist_keras.inference.preprocessing.image_files import load_image

# Pairs of digits for each overlap of their bounding boxes, in pixels.
_PAIRS, _OVERLAPS = 250, (1, 2, 3, 4)
# Pixel value from which on a pixel of MNIST counts for the bounding box.
_INK = 60


def main(folder: str, models: Sequence[str]) -> None:
    predictors = [load_predictor(model) for model in models]
    root = pathlib.Path(folder)
    print("| images | n | resized | cropped and centered | this package |\n|---|---|---|---|---|", flush=True)
    for kind in ("cells", "pens"):
        if (root / kind).is_dir():
            files = list(list_images([root / kind]))
            columns = [[_accuracy(predictor, files, way) for predictor in predictors] for way in (resize, crop)]
            columns.append([_accuracy_of_package(predictor, files) for predictor in predictors])
            _print_row(f"{kind}, accuracy", len(files), columns)
    if (root / "rows").is_dir():
        files = list(list_images([root / "rows"]))
        _print_numbers("rows", predictors, files)
    with tempfile.TemporaryDirectory() as pairs:
        for overlap in _OVERLAPS:
            _write_pairs(pathlib.Path(pairs) / str(overlap), overlap)
        _print_numbers("pairs of MNIST digits that overlap by 1 to 4 pixels", predictors, list(list_images([pairs])))
        for overlap in _OVERLAPS:
            files = list(list_images([pathlib.Path(pairs) / str(overlap)]))
            _print_numbers(f"by {overlap} pixels", predictors, files)
    if (root / "no_digits").is_dir():
        files = list(list_images([root / "no_digits"]))
        unwarned = [_mean(not predict_file(predictor, file)[0].warnings for file in files) for predictor in predictors]
        _print_row("no_digits, without a warning", len(files), [None, None, unwarned])


def resize(picture: np.ndarray) -> np.ndarray:
    """The whole image, resized; inverted if its border is light."""
    return np.asarray(Image.fromarray(_white_on_black(picture)).resize((28, 28), Image.Resampling.BOX))


def crop(picture: np.ndarray) -> np.ndarray:
    """The bounding box of the ink, fitted into 20 pixels, its center of mass in the middle."""
    gray = _white_on_black(picture)
    ink = gray > _otsu(gray)
    rows, columns = np.flatnonzero(ink.any(axis=1)), np.flatnonzero(ink.any(axis=0))
    if not len(rows):
        return np.zeros((28, 28), np.uint8)
    digit = Image.fromarray((gray * ink)[rows[0] : rows[-1] + 1, columns[0] : columns[-1] + 1])
    scale = 20 / max(digit.size)
    digit = np.asarray(digit.resize([max(1, round(side * scale)) for side in digit.size], Image.Resampling.BOX))
    page = np.zeros((68, 68), np.uint8)
    page[24 : 24 + digit.shape[0], 24 : 24 + digit.shape[1]] = digit
    row, column = (int(np.round(np.average(np.arange(68), weights=page.sum(axis=1 - axis)))) for axis in range(2))
    return page[row - 14 : row + 14, column - 14 : column + 14]


def _white_on_black(picture: np.ndarray) -> np.ndarray:
    gray = np.asarray(Image.fromarray(picture.squeeze()).convert("L"))
    border = np.concatenate([gray[0], gray[-1], gray[:, 0], gray[:, -1]])
    return 255 - gray if np.median(border) > 128 else gray


def _otsu(gray: np.ndarray) -> int:
    """Returns the threshold that maximizes the variance between both classes (Otsu 1979)."""
    counts = np.bincount(gray.ravel(), minlength=256)
    weights, sums = np.cumsum(counts), np.cumsum(counts * np.arange(256))
    with np.errstate(divide="ignore", invalid="ignore"):
        between = (sums[-1] * weights / weights[-1] - sums) ** 2 / (weights * (weights[-1] - weights))
    return int(np.nanargmax(np.where(np.isfinite(between), between, -1)))


def _accuracy(predictor: Predictor, files: Sequence[str], way: Callable[[np.ndarray], np.ndarray]) -> float:
    digits = np.stack([way(load_image(file)) for file in files])
    return _mean(predictor.predict(digits).argmax(axis=1) == [label_from_path(file) for file in files])


def _accuracy_of_package(predictor: Predictor, files: Sequence[str]) -> float:
    return _mean(predict_file(predictor, file)[0].digit == label_from_path(file) for file in files)


def _print_numbers(kind: str, predictors: Sequence[Predictor], files: Sequence[str]) -> None:
    exact, wrong = [], []
    for predictor in predictors:
        edits = [edit_distance(predict_number(predictor, file).text, number_from_path(file)) for file in files]
        exact.append(_mean(count == 0 for count in edits))
        wrong.append(sum(edits) / sum(len(number_from_path(file)) for file in files))
    _print_row(f"{kind}, exact", len(files), [None, None, exact])
    _print_row(f"{kind}, character error rate", len(files), [None, None, wrong])


def _write_pairs(folder: pathlib.Path, overlap: int) -> None:
    """Writes images of two of MNIST's test images whose bounding boxes overlap."""
    folder.mkdir()
    digits, random = load_digits("mnist"), np.random.default_rng(overlap)
    for number in range(_PAIRS):
        chosen = random.integers(len(digits.test_images), size=2)
        page, left = np.zeros((28, 56), np.uint8), 4
        for image in digits.test_images[chosen]:
            columns = np.flatnonzero(image.max(axis=0) > _INK)
            ink = image[:, columns[0] : columns[-1] + 1]
            place = page[:, left : left + ink.shape[1]]
            np.maximum(place, ink, out=place)
            left += ink.shape[1] - overlap
        name = "".join(map(str, digits.test_labels[chosen]))
        Image.fromarray(page[:, : left + overlap + 4]).save(folder / f"{name}_{number:03}.png")


def _mean(values) -> float:
    return float(np.mean(list(values)))


def _print_row(kind: str, count: int, columns: Sequence[Sequence[float] | None]) -> None:
    cells = []
    for values in columns:
        spread = "" if values is None or len(values) == 1 else f" ({100 * min(values):.1f} to {100 * max(values):.1f})"
        cells.append("" if values is None else f"{100 * statistics.median(values):.1f}{spread}")
    print(f"| {kind} | {count} | {' | '.join(cells)} |", flush=True)


if __name__ == "__main__":
    main(sys.argv[1], sys.argv[2:])
