"""Picture files -> readings: what a model makes of people's own pictures."""

import dataclasses
import os
import pathlib
from collections.abc import Iterable, Iterator
from typing import Any

import numpy as np

from mnist_keras.errors import InputError
from mnist_keras.inference.predictor import Predictor
from mnist_keras.inference.preprocessing.digit import PreprocessedDigit
from mnist_keras.inference.preprocessing.image_files import SUFFIXES, load_image
from mnist_keras.inference.preprocessing.normalize import preprocess_image

# Below this probability a reading is marked as not sure: of held-out digits, a fifth is misread there, and 0.2 % above.
CONFIDENCE_THRESHOLD = 0.8


@dataclasses.dataclass(frozen=True)
class DigitPrediction:
    """One digit on a picture."""

    file: str
    #: What the network got, and what is known of it.
    normalized: PreprocessedDigit
    #: Float32 (10,).
    probabilities: np.ndarray

    @property
    def digit(self) -> int | None:
        """The digit; None where there is no ink."""
        return int(self.probabilities.argmax()) if self.normalized.has_ink else None

    @property
    def second_guess(self) -> int | None:
        """The second guess."""
        return int(self.probabilities.argsort()[-2]) if self.normalized.has_ink else None

    @property
    def warnings(self) -> tuple[str, ...]:
        """What its owner should know, in words."""
        unsure = self.normalized.has_ink and self.probabilities.max() < CONFIDENCE_THRESHOLD
        return (*(("not sure",) if unsure else ()), *self.normalized.warnings)

    def to_dict(self) -> dict[str, Any]:
        """For JSON."""
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
    """The files themselves, and of every folder the pictures in it, by name.

    Raises:
        InputError: a folder without pictures.
    """
    for path in map(pathlib.Path, paths):
        if not path.is_dir():
            yield str(path)
            continue
        inside = sorted(file for file in path.iterdir() if file.suffix.lower() in SUFFIXES)
        if not inside:
            raise InputError(f"{path} is a folder without pictures. Expected: files ending in {', '.join(SUFFIXES)}.")
        yield from map(str, inside)


def label_from_path(file: str | os.PathLike) -> int:
    """The digit that a picture's name begins with, or its folder's name.

    Raises:
        InputError: neither is a digit.
    """
    path = pathlib.Path(file)
    for name in (path.name[0], path.parent.name):
        if name in tuple("0123456789"):
            return int(name)
    raise InputError(f"{path} has no label: its name must begin with its digit, or its folder be called by it.")


def predict_labelled(predictor: Predictor, folder: str | os.PathLike) -> tuple[np.ndarray, np.ndarray]:
    """Probabilities and labels of all pictures in a folder and the folders below it; for `compute_metrics`.

    A picture on which no ink is found counts as misread.

    Raises:
        InputError: there are none, or one has no label or cannot be read.
    """
    files = sorted(file for file in pathlib.Path(folder).rglob("*") if file.suffix.lower() in SUFFIXES)
    if not files:
        raise InputError(f"{folder} holds no pictures. Expected: files ending in {', '.join(SUFFIXES)}.")
    labels = np.array([label_from_path(file) for file in files])
    probabilities = np.stack([predict_file(predictor, file)[0].probabilities for file in files])
    misread = (np.arange(10) != labels[:, np.newaxis]) / np.float32(9)
    no_ink = (probabilities == probabilities[:, :1]).all(axis=1, keepdims=True)
    return np.where(no_ink, misread, probabilities), labels


def predict_file(predictor: Predictor, file: str | os.PathLike, all_digits: bool = False) -> list[DigitPrediction]:
    """Reads the digit on a picture.

    Args:
        predictor: from `load_predictor`.
        file: of a picture, of any size; see `preprocess_image`.
        all_digits: read all digits on it, line by line from left to right; they must not touch.

    Returns:
        One reading; with `all_digits`, as all_digits as there are digits.

    Raises:
        InputError: the file cannot be read as a picture.
    """
    picture = load_image(file)
    if all_digits:
        # This one imports TensorFlow.
        from mnist_keras.inference.preprocessing.segment import crop_with_margin, find_digits

        sights = [
            # The neighbours are known, and the box is the whole picture's.
            preprocess_image(crop_with_margin(picture, box))._replace(has_other_digits=False, box=box)
            for box in find_digits(picture)
        ]
    else:
        sights = [preprocess_image(picture)]
    if not sights:
        return []
    probabilities = predictor.predict(np.stack([sight.digit for sight in sights]))
    # A network names a digit whatever it is shown.
    even = np.full(10, 0.1, np.float32)
    return [
        DigitPrediction(str(file), sight, row if sight.has_ink else even)
        for sight, row in zip(sights, probabilities, strict=True)
    ]
