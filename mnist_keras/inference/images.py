"""Predicts the digits on image files."""

import dataclasses
import os
import pathlib
from collections.abc import Iterable, Iterator
from typing import Any

import numpy as np

from mnist_keras.errors import InputError
from mnist_keras.inference.predictor import Predictor
from mnist_keras.inference.preprocessing.digit import PreprocessedDigit
from mnist_keras.inference.preprocessing.image_files import STANDARD_INPUT, SUFFIXES, load_image
from mnist_keras.inference.preprocessing.normalize import preprocess_image

# Predictions below it get a warning. On validation images a fifth of these and 0.2 % of the others are wrong.
CONFIDENCE_THRESHOLD = 0.8


@dataclasses.dataclass(frozen=True)
class DigitPrediction:
    """The prediction of one digit on an image."""

    #: The image file.
    file: str
    #: The preprocessed digit and its bounding box on the image.
    normalized: PreprocessedDigit
    #: float32 (10,), with a sum of 1. All 0.1 if there is no ink.
    probabilities: np.ndarray

    @property
    def digit(self) -> int | None:
        """The most probable digit; None if there is no ink."""
        return int(self.probabilities.argmax()) if self.normalized.has_ink else None

    @property
    def second_guess(self) -> int | None:
        """The second most probable digit; None if there is no ink."""
        return int(self.probabilities.argsort()[-2]) if self.normalized.has_ink else None

    @property
    def warnings(self) -> tuple[str, ...]:
        """Reasons to doubt the prediction, in words."""
        unsure = self.normalized.has_ink and self.probabilities.max() < CONFIDENCE_THRESHOLD
        return (*(("not sure",) if unsure else ()), *self.normalized.warnings)

    def to_dict(self) -> dict[str, Any]:
        """Returns the prediction as JSON types."""
        return {
            "file": self.file,
            "digit": self.digit,
            "probabilities": [round(float(value), 6) for value in self.probabilities],
            "second_guess": self.second_guess,
            "warnings": list(self.warnings),
            "light_on_dark": self.normalized.light_on_dark,
            "box": dict(zip(("top", "left", "bottom", "right"), self.normalized.box, strict=True)),
        }


def list_images(paths: Iterable[str | os.PathLike]) -> Iterator[str]:
    """Yields the given files and, for each given folder, the image files in it and its subfolders, sorted by path.

    "-" stands for standard input.

    Raises:
        InputError: a folder contains no image files.
    """
    for path in map(pathlib.Path, paths):
        if path.is_dir() and str(path) != STANDARD_INPUT:
            yield from map(str, _images_in(path))
        else:
            yield str(path)


def _images_in(folder: pathlib.Path) -> list[pathlib.Path]:
    files = sorted(file for file in folder.rglob("*") if file.suffix.lower() in SUFFIXES and file.is_file())
    if not files:
        raise InputError(f"{folder} contains no images. Expected: files ending in {', '.join(SUFFIXES)}.")
    return files


def predict_file(predictor: Predictor, file: str | os.PathLike, all_digits: bool = False) -> list[DigitPrediction]:
    """Predicts the digit on an image file, or all digits.

    Args:
        predictor: from `load_predictor`.
        file: an image file of any size, see `load_image` and `preprocess_image`.
        all_digits: predict all digits, line by line from left to right. They must not touch each other.

    Returns:
        One prediction; with `all_digits`, one per digit found.

    Raises:
        InputError: the file cannot be read as an image.
    """
    picture = load_image(file)
    if all_digits:
        # `segment` imports TensorFlow.
        from mnist_keras.inference.preprocessing.segment import crop_with_margin, find_digits

        preprocessed = [
            # The other digits are known, and the box is that on the whole image.
            preprocess_image(crop_with_margin(picture, box))._replace(has_other_digits=False, box=box)
            for box in find_digits(picture)
        ]
    else:
        preprocessed = [preprocess_image(picture)]
    if not preprocessed:
        return []
    probabilities = predictor.predict(np.stack([digit.digit for digit in preprocessed]))
    # A network predicts a digit for an empty image as well.
    uniform = np.full(10, 0.1, np.float32)
    return [
        DigitPrediction(str(file), digit, row if digit.has_ink else uniform)
        for digit, row in zip(preprocessed, probabilities, strict=True)
    ]
