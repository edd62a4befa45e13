"""Picture files -> readings: what a model makes of people's own pictures."""

import dataclasses
import os
import pathlib
from collections.abc import Iterable, Iterator
from typing import Any

import numpy as np

from mnist_keras.errors import InputError
from mnist_keras.inference.predictor import Predictor
from mnist_keras.inference.preprocessing.image_files import SUFFIXES, read_picture
from mnist_keras.inference.preprocessing.normalize import Sight, see

# Below this probability a reading is marked as not sure: of held-out digits, a fifth is misread there, and 0.2 % above.
SURE_FROM = 0.8


@dataclasses.dataclass(frozen=True)
class Reading:
    """One digit on a picture."""

    file: str
    #: What the network got, and what is known of it.
    sight: Sight
    #: Float32 (10,).
    probabilities: np.ndarray

    @property
    def digit(self) -> int | None:
        """The digit; None where there is no ink."""
        return int(self.probabilities.argmax()) if self.sight.has_ink else None

    @property
    def second(self) -> int | None:
        """The second guess."""
        return int(self.probabilities.argsort()[-2]) if self.sight.has_ink else None

    @property
    def notes(self) -> tuple[str, ...]:
        """What its owner should know, in words."""
        unsure = self.sight.has_ink and self.probabilities.max() < SURE_FROM
        return (*(("not sure",) if unsure else ()), *self.sight.notes)

    def to_dict(self) -> dict[str, Any]:
        """For JSON."""
        return {
            "file": self.file,
            "digit": self.digit,
            "probabilities": [round(float(value), 6) for value in self.probabilities],
            "second": self.second,
            "notes": list(self.notes),
            "light_on_dark": self.sight.is_light,
            "box": dict(zip(("top", "left", "bottom", "right"), self.sight.box, strict=True)),
        }


def picture_files(paths: Iterable[str | os.PathLike]) -> Iterator[str]:
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


def label_of(file: str | os.PathLike) -> int:
    """The digit that a picture's name begins with, or its folder's name.

    Raises:
        InputError: neither is a digit.
    """
    path = pathlib.Path(file)
    for name in (path.name[0], path.parent.name):
        if name in tuple("0123456789"):
            return int(name)
    raise InputError(f"{path} has no label: its name must begin with its digit, or its folder be called by it.")


def read_labelled(predictor: Predictor, folder: str | os.PathLike) -> tuple[np.ndarray, np.ndarray]:
    """Probabilities and labels of all pictures in a folder and the folders below it; for `score`.

    A picture on which no ink is found counts as misread.

    Raises:
        InputError: there are none, or one has no label or cannot be read.
    """
    files = sorted(file for file in pathlib.Path(folder).rglob("*") if file.suffix.lower() in SUFFIXES)
    if not files:
        raise InputError(f"{folder} holds no pictures. Expected: files ending in {', '.join(SUFFIXES)}.")
    labels = np.array([label_of(file) for file in files])
    probabilities = np.stack([read_file(predictor, file)[0].probabilities for file in files])
    misread = (np.arange(10) != labels[:, np.newaxis]) / np.float32(9)
    no_ink = (probabilities == probabilities[:, :1]).all(axis=1, keepdims=True)
    return np.where(no_ink, misread, probabilities), labels


def read_file(predictor: Predictor, file: str | os.PathLike, many: bool = False) -> list[Reading]:
    """Reads the digit on a picture.

    Args:
        predictor: from `load_predictor`.
        file: of a picture, of any size; see `see`.
        many: read all digits on it, line by line from left to right; they must not touch.

    Returns:
        One reading; with `many`, as many as there are digits.

    Raises:
        InputError: the file cannot be read as a picture.
    """
    picture = read_picture(file)
    if many:
        # This one imports TensorFlow.
        from mnist_keras.inference.preprocessing.segment import cut_out, find_digits

        sights = [
            # The neighbours are known, and the box is the whole picture's.
            dataclasses.replace(see(cut_out(picture, box)), is_one_of_several=False, box=box)
            for box in find_digits(picture)
        ]
    else:
        sights = [see(picture)]
    if not sights:
        return []
    probabilities = predictor.predict(np.stack([sight.digit for sight in sights]))
    # A network names a digit whatever it is shown.
    even = np.full(10, 0.1, np.float32)
    return [
        Reading(str(file), sight, row if sight.has_ink else even)
        for sight, row in zip(sights, probabilities, strict=True)
    ]
