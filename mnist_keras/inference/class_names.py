"""The class names of a model, from the files beside it or inside it. Must not import TensorFlow."""

import contextlib
import pathlib
import zipfile
from typing import Any, TypeGuard

from mnist_keras.data.digits import DIGIT_NAMES, MAX_CLASSES, is_of_digits
from mnist_keras.errors import InputError
from mnist_keras.files import read_json

LABELS_FILE = "labels.txt"
# 1,000 names have less.
_MAX_LABELS_BYTES = 1_000_000


def is_number_of_classes(size: Any) -> TypeGuard[int]:
    """Returns whether the size of a model's output can be its number of classes: 2 to 1,000."""
    return isinstance(size, int) and 2 <= size <= MAX_CLASSES


def names_from_settings(content: Any) -> tuple[str, ...]:
    """Returns the class names in the content of a run's config.json or an export's card.json; otherwise the ten digits.

    Raises:
        KeyError, TypeError: the content has no dataset.
    """
    return tuple(map(str, content["dataset"].get("class_names", DIGIT_NAMES)))


def read_class_names(path: pathlib.Path, classes: int) -> tuple[str, ...]:
    """Returns the class names of a model file.

    They are in the config of a run or the card of an export beside it, in `labels.txt` beside it, or in the archive at
    the end of a TFLite file. Otherwise they are the numbers from 0, which are the names of the ten digits.

    Args:
        path: the model's file or folder.
        classes: its number of classes.

    Raises:
        InputError: the names that were found are those of another number of classes.
    """
    numbers = tuple(map(str, range(classes)))
    found, place = _find_names(path)
    if found is None or len(found) == classes:
        return found or numbers
    # The config and the card of ten digits name no classes: a model beside them may be someone else's.
    if is_of_digits(found) and place != LABELS_FILE:
        return numbers
    raise InputError(
        f"{place} names {len(found)} classes. Expected: {classes}, the number of outputs of {path}. Export the model "
        f"again, or correct {place}."
    )


def _find_names(path: pathlib.Path) -> tuple[tuple[str, ...] | None, str]:
    """Returns the class names, and the name of the file they come from."""
    for name in ("config.json", "card.json"):
        with contextlib.suppress(OSError, ValueError, KeyError, TypeError, AttributeError):
            return names_from_settings(read_json(path.parent / name)), name
    with contextlib.suppress(OSError, UnicodeDecodeError):
        return _lines((path.parent / LABELS_FILE).read_bytes()), LABELS_FILE
    if path.suffix == ".tflite":
        # A zip archive that is damaged or hostile raises errors of many kinds.
        with contextlib.suppress(Exception), zipfile.ZipFile(path) as archive:
            if archive.getinfo(LABELS_FILE).file_size <= _MAX_LABELS_BYTES:
                return _lines(archive.read(LABELS_FILE)), LABELS_FILE
    return None, ""


def _lines(content: bytes) -> tuple[str, ...]:
    # Not `splitlines`, which splits at other characters too, such as a form feed.
    return tuple(content.decode().rstrip("\r\n").replace("\r\n", "\n").split("\n"))
