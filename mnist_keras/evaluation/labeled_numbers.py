"""Field test of whole numbers: predicts labeled image files of a folder, and counts wrong digits."""

import dataclasses
import os
import pathlib
import re
from typing import Any

from mnist_keras.errors import InputError
from mnist_keras.evaluation.labeled_images import list_labeled_images
from mnist_keras.inference.images import NumberPrediction, predict_number
from mnist_keras.inference.predictor import Predictor


@dataclasses.dataclass(frozen=True)
class NumberFieldTest:
    """Predictions of labeled images of numbers."""

    #: One prediction per image, in the order of their paths.
    predictions: tuple[NumberPrediction, ...]
    #: The digits of each number.
    labels: tuple[str, ...]

    @property
    def wrong(self) -> list[tuple[NumberPrediction, str]]:
        """The predictions that differ from their label, and the labels."""
        return [pair for pair in zip(self.predictions, self.labels, strict=True) if _text(pair[0]) != pair[1]]

    def to_dict(self) -> dict[str, Any]:
        """Returns the summary as JSON types: numbers without an error, edits, and the character error rate.

        The edits are the digits to insert, delete or replace (Levenshtein distance); the character error rate is their
        number divided by the number of digits.
        """
        edits = sum(
            edit_distance(_text(number), label) for number, label in zip(self.predictions, self.labels, strict=True)
        )
        digits = sum(map(len, self.labels))
        return {
            "examples": len(self.labels),
            "exact": len(self.labels) - len(self.wrong),
            "digits": digits,
            "edits": edits,
            "character_error_rate": edits / digits,
        }

    def __str__(self) -> str:
        summary = self.to_dict()
        return "\n".join(
            [
                f"images                       {summary['examples']:>8}",
                f"numbers without an error     {summary['exact'] / summary['examples']:>8.2%}",
                f"digits                       {summary['digits']:>8}",
                f"edits                        {summary['edits']:>8}",
                f"character error rate         {summary['character_error_rate']:>8.2%}",
            ]
        )


def run_number_field_test(predictor: Predictor, folder: str | os.PathLike) -> NumberFieldTest:
    """Predicts all digits of all labeled images in a folder and its subfolders.

    The label is the digits that the file's name begins with.

    Raises:
        InputError: there is no such folder, it contains no images, or one has no label or cannot be read.
    """
    files = list_labeled_images(folder)
    labels = tuple(number_from_path(file) for file in files)
    return NumberFieldTest(tuple(predict_number(predictor, file) for file in files), labels)


def number_from_path(file: str | os.PathLike) -> str:
    """Returns the digits that the name of a file begins with.

    Raises:
        InputError: it begins with none.
    """
    digits = re.match(r"[0-9]+", pathlib.Path(file).name)
    if digits is None:
        raise InputError(
            f"{file} has no label. Expected: a file name that begins with the number, as in 1984_first.jpg."
        )
    return digits[0]


def edit_distance(one: str, other: str) -> int:
    """Returns the least number of characters to insert, delete or replace (Levenshtein 1966)."""
    row = list(range(len(other) + 1))
    for number, character in enumerate(one, start=1):
        diagonal, row[0] = row[0], number
        for place, expected in enumerate(other, start=1):
            replaced = diagonal + (character != expected)
            diagonal, row[place] = row[place], min(row[place] + 1, row[place - 1] + 1, replaced)
    return row[-1]


def _text(number: NumberPrediction) -> str:
    return number.text.replace("\n", "")
