"""Predicts the digit, or another class, on image files."""

import dataclasses
import os
import pathlib
from collections.abc import Iterable, Iterator, Sequence
from typing import Any

import numpy as np

from mnist_keras.data.digits import DIGIT_NAMES, is_of_digits
from mnist_keras.errors import InputError
from mnist_keras.inference.predictor import Predictor
from mnist_keras.inference.preprocessing.digit import PreprocessedDigit
from mnist_keras.inference.preprocessing.image_files import STANDARD_INPUT, SUFFIXES, load_image
from mnist_keras.inference.preprocessing.normalize import preprocess_image, preprocess_number

# Predictions below it get a warning. On validation images a fifth of these and 0.2 % of the others are wrong.
CONFIDENCE_THRESHOLD = 0.8
# Probability that an image turned by 90 degrees shows a digit, and the predicted one: above it, it was taken sideways.
SIDEWAYS_THRESHOLD = 0.8
# By so much it must exceed that of the image as it is.
_CLEARER = 0.3


@dataclasses.dataclass(frozen=True)
class DigitPrediction:
    """The prediction of one digit, or of another class, on an image."""

    #: The image file.
    file: str
    #: The preprocessed digit and its bounding box on the image.
    normalized: PreprocessedDigit
    #: float32 (classes,), with a sum of 1. All equal if there is no ink.
    probabilities: np.ndarray
    #: Degrees, clockwise, by which the image must be turned to show a digit; 0 if it is upright or shows none.
    turn: int = 0
    #: The name of each class.
    class_names: tuple[str, ...] = DIGIT_NAMES

    @property
    def digit(self) -> int | None:
        """The most probable class, which of ten digits is the digit itself; None if there is no ink."""
        return int(self.probabilities.argmax()) if self.normalized.has_ink else None

    @property
    def second_guess(self) -> int | None:
        """The second most probable class; None if there is no ink."""
        return int(self.probabilities.argsort()[-2]) if self.normalized.has_ink else None

    @property
    def class_name(self) -> str | None:
        """The name of the most probable class; None if there is no ink."""
        return None if self.digit is None else self.class_names[self.digit]

    @property
    def second_guess_name(self) -> str | None:
        """The name of the second most probable class; None if there is no ink."""
        return None if self.second_guess is None else self.class_names[self.second_guess]

    @property
    def warnings(self) -> tuple[str, ...]:
        """Reasons to doubt the prediction, in words. "no digit" is none where the classes are not the ten digits."""
        unsure = self.normalized.has_ink and self.probabilities.max() < CONFIDENCE_THRESHOLD
        turned = (f"sideways: turn it by {self.turn} degrees",) if self.turn else ()
        seen = (each for each in self.normalized.warnings if each != "no digit" or is_of_digits(self.class_names))
        return (*(("not sure",) if unsure else ()), *seen, *turned)

    def to_dict(self) -> dict[str, Any]:
        """Returns the prediction as JSON types, with the names of the classes if they are not the ten digits."""
        names = {"class_name": self.class_name, "second_guess_name": self.second_guess_name}
        return {
            "file": self.file,
            "digit": self.digit,
            **({} if is_of_digits(self.class_names) else names),
            "probabilities": [round(float(value), 6) for value in self.probabilities],
            "second_guess": self.second_guess,
            "warnings": list(self.warnings),
            "is_digit": round(self.normalized.is_digit, 6),
            "light_on_dark": self.normalized.light_on_dark,
            "box": dict(zip(("top", "left", "bottom", "right"), self.normalized.box, strict=True)),
        }


@dataclasses.dataclass(frozen=True)
class NumberPrediction:
    """The prediction of all digits on an image."""

    #: The image file.
    file: str
    #: The digits, line by line, from left to right.
    digits: tuple[DigitPrediction, ...]
    #: Number of the line of each digit, from 0.
    lines: tuple[int, ...]
    #: Number of letters and signs, such as a minus or a comma.
    signs: int

    @property
    def text(self) -> str:
        """The digits as a string; a line feed separates lines."""
        lines: dict[int, str] = {}
        for line, digit in zip(self.lines, self.digits, strict=True):
            lines[line] = lines.get(line, "") + str(digit.digit)
        return "\n".join(lines.values())

    @property
    def warnings(self) -> tuple[str, ...]:
        """Reasons to doubt the prediction, in words."""
        if not self.digits:
            return ("no digit",)
        reasons = dict.fromkeys(reason for digit in self.digits for reason in digit.warnings)
        return (*reasons, *((f"{self.signs} other signs",) if self.signs else ()))

    def to_dict(self) -> dict[str, Any]:
        """Returns the prediction as JSON types."""
        return {
            "file": self.file,
            "text": self.text,
            "warnings": list(self.warnings),
            "other_signs": self.signs,
            "digits": [{**digit.to_dict(), "line": line} for digit, line in zip(self.digits, self.lines, strict=True)],
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


def predict_file(
    predictor: Predictor, file: str | os.PathLike, all_digits: bool = False, content: bytes | None = None
) -> list[DigitPrediction]:
    """Predicts the digit, or another class, on an image file, or all digits.

    Args:
        predictor: from `load_predictor`.
        file: an image file of any size, see `load_image` and `preprocess_image`.
        all_digits: predict all digits, as `predict_number` does.
        content: the bytes of the file, which is then not opened; None opens it.

    Returns:
        One prediction; with `all_digits`, one per digit found.

    Raises:
        InputError: the file cannot be read as an image; `all_digits`, and the model has other classes than the digits.
    """
    if all_digits:
        return list(predict_number(predictor, file, content).digits)
    picture = load_image(file, content)
    (prediction,) = _predict(predictor, file, [preprocess_image(picture)])
    # How well the image shows a digit tells nothing about the orientation of other classes.
    if not is_of_digits(predictor.class_names) or not {"no digit", "not sure"} & set(prediction.warnings):
        return [prediction]
    return [dataclasses.replace(prediction, turn=_find_turn(predictor, prediction, picture))]


def predict_number(predictor: Predictor, file: str | os.PathLike, content: bytes | None = None) -> NumberPrediction:
    """Predicts all digits on an image file, at most 32, line by line from left to right. They may touch each other.

    Args:
        predictor: from `load_predictor`.
        file: an image file of any size, see `load_image`.
        content: the bytes of the file, which is then not opened; None opens it.

    Raises:
        InputError: the file cannot be read as an image, or the model has other classes than the ten digits.
    """
    check_reads_numbers(predictor)
    number = preprocess_number(load_image(file, content))
    digits = tuple(_predict(predictor, file, number.digits))
    return NumberPrediction(str(file), digits, tuple(number.lines), number.signs)


def check_reads_numbers(predictor: Predictor) -> None:
    """Raises InputError if the model has other classes than the ten digits, and thus reads no whole numbers."""
    if not is_of_digits(predictor.class_names):
        raise InputError(
            f"Only models of the ten digits read whole numbers. Received: {predictor.path} with "
            f"{len(predictor.class_names)} other classes. Predict one image per class, without all_digits."
        )


def _predict(
    predictor: Predictor, file: str | os.PathLike, preprocessed: Sequence[PreprocessedDigit]
) -> list[DigitPrediction]:
    if not preprocessed:
        return []
    probabilities = predictor.predict(np.stack([digit.digit for digit in preprocessed]))
    # A network predicts a digit for an empty image as well.
    uniform = np.full(len(predictor.class_names), 1 / len(predictor.class_names), np.float32)
    return [
        DigitPrediction(str(file), digit, row if digit.has_ink else uniform, class_names=predictor.class_names)
        for digit, row in zip(preprocessed, probabilities, strict=True)
    ]


def _find_turn(predictor: Predictor, upright: DigitPrediction, picture: np.ndarray) -> int:
    """Returns by how many degrees, clockwise, a sideways image must be turned; 0 if that is not much clearer."""
    scores = {0: max(SIDEWAYS_THRESHOLD, _score(upright) + _CLEARER)}
    for degrees, quarters in ((90, -1), (270, 1)):
        turned = preprocess_image(np.ascontiguousarray(np.rot90(picture, quarters)))
        (prediction,) = _predict(predictor, upright.file, [turned])
        if not prediction.warnings:
            scores[degrees] = _score(prediction)
    return max(scores, key=lambda degrees: scores[degrees])


def _score(prediction: DigitPrediction) -> float:
    """Returns the probability that there is a digit, and the predicted one."""
    return prediction.normalized.is_digit * float(prediction.probabilities.max())
