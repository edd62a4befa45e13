"""Datasets in npz files: the arrays of Keras, MedMNIST and others, found by their names."""

import pathlib
import re
import warnings
from collections.abc import Sequence

import numpy as np

from mnist_keras.data.archives import NPZ_ARRAYS, npz_keys, read_arrays
from mnist_keras.data.digits import Digits
from mnist_keras.data.forms.layouts import VALIDATION_AS_TEST, Labeled, to_digits
from mnist_keras.errors import InputError, InputWarning

# Words of an array's name. "" stands for names that do not say which set they belong to, as in images and labels.
_IMAGES = ("x", "images", "imgs", "data", "features")
_LABELS = ("y", "labels", "label", "targets", "target")
_SETS = {
    "train": ("train", "training", ""),
    "validation": ("val", "valid", "validation"),
    "test": ("test", "testing", "t10k"),
}
_CLASS_NAMES = ("class_names", "label_names", "classes")


def read_npz(path: pathlib.Path, name: str) -> Digits:
    """Reads a training set and, if there is one, a test set from one npz file.

    The arrays are those of Keras (x_train, y_train, x_test, y_test), of MedMNIST (train_images, ...), or named alike;
    images and labels alone; or arr_0 to arr_3 with training before test. An optional array class_names has the names
    of the classes.

    Raises:
        InputError: the file does not exist, is damaged, or lacks an array.
    """
    keys = npz_keys(path)
    found = _find_by_number(path, keys) or _find_by_name(keys)
    _check_complete(path, keys, found)
    test_part = next((part for part in ("test", "validation") if part in found), None)
    if "validation" in found:
        use = "used as the test set" if test_part == "validation" else "left out: --validation splits off its own"
        warnings.warn(f"the validation images of {path} are {use}.", InputWarning, stacklevel=2)
    parts = ["train", test_part] if test_part else ["train"]
    arrays = read_arrays(path, [key for part in parts for key in found[part]])
    sets = [Labeled(*(arrays[key] for key in found[part])) for part in parts]
    class_names: Sequence[str] | None = None
    names_key = next((key for key in keys if key.lower() in _CLASS_NAMES), None)
    if names_key:
        class_names = read_arrays(path, [names_key], text=True)[names_key].ravel().tolist()
    elif "validation" in found:
        # MedMNIST: its labels are no digits, whatever their number.
        class_names = _numbered_names(sets[0].labels)
    note = VALIDATION_AS_TEST if test_part == "validation" else ""
    return to_digits(name, sets[0], sets[1] if test_part else None, class_names, note)


def _find_by_name(keys: Sequence[str]) -> dict[str, list[str]]:
    """Returns the keys of each set: of its images and labels, or of one of them if the other is missing."""
    by_words = {_words(key): key for key in reversed(keys)}
    found: dict[str, list[str]] = {}
    for part, prefixes in _SETS.items():
        for prefix in prefixes:
            candidates = [
                [by_words.get(frozenset({prefix, kind} - {""})) for kind in kinds] for kinds in (_IMAGES, _LABELS)
            ]
            pair = [next(filter(None, names), None) for names in candidates]
            if any(pair):
                found.setdefault(part, [key for key in pair if key])
    return found


def _words(key: str) -> frozenset[str]:
    """Returns the words of X_train, train-images, or trainLabels."""
    words = key if key.isupper() else re.sub("([A-Z])", r"_\1", key)
    return frozenset(re.split("[-_. ]+", words.lower())) - {""}


def _find_by_number(path: pathlib.Path, keys: Sequence[str]) -> dict[str, list[str]]:
    """Finds the sets among arrays saved without names: those of two axes are images, unless the second is short."""
    if sorted(keys) not in (["arr_0", "arr_1"], ["arr_0", "arr_1", "arr_2", "arr_3"]):
        return {}
    shapes = {key: array.shape for key, array in read_arrays(path, sorted(keys)).items()}
    images = [key for key, shape in shapes.items() if len(shape) > 2 or shape[1:] == (784,)]
    labels = [key for key in shapes if key not in images]
    if len(images) != len(labels):
        return {}
    return {part: list(pair) for part, pair in zip(("train", "test"), zip(images, labels, strict=True), strict=False)}


def _check_complete(path: pathlib.Path, keys: Sequence[str], found: dict[str, list[str]]) -> None:
    # The names of Keras stand for all others in the message.
    missing = [] if "train" in found else [NPZ_ARRAYS["train_images"], NPZ_ARRAYS["train_labels"]]
    for part in (part for part, pair in found.items() if len(pair) == 1):
        has_images = bool(_words(found[part][0]) & set(_IMAGES))
        missing.append(f"{'y' if has_images else 'x'}_{part}")
    if missing:
        raise InputError(
            f"{path} must hold the arrays {', '.join(NPZ_ARRAYS.values())}, or images and labels. "
            f"Missing: {', '.join(missing)}. Received: {', '.join(keys)[:200] or 'none'}. "
            "Save all four arrays into the file."
        )


def _numbered_names(labels: np.ndarray) -> list[str] | None:
    is_column = labels.ndim == 1 or (labels.ndim == 2 and labels.shape[1] == 1)
    if not is_column or labels.dtype.kind not in "ui" or not labels.size or not 0 < labels.max() < 10:
        return None
    return [str(label) for label in range(int(labels.max()) + 1)]
