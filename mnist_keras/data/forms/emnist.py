"""EMNIST: six splits of digits and letters, stored transposed, with mapping files from labels to characters."""

import pathlib
import string
from typing import NamedTuple

import numpy as np

from mnist_keras.data.archives import read_idx
from mnist_keras.data.digits import Digits
from mnist_keras.data.forms.csv_files import read_csv
from mnist_keras.data.forms.idx import find_file, find_files
from mnist_keras.data.forms.layouts import Labeled, label_dtype, to_digits
from mnist_keras.errors import InputError

_MERGED = (*string.digits, *string.ascii_uppercase, *"abdefghnqrt")
# Class names of each split (Cohen et al. 2017). The other lowercase letters of "bymerge" and "balanced" are merged
# with the uppercase ones.
CLASS_NAMES: dict[str, tuple[str, ...]] = {
    "byclass": (*string.digits, *string.ascii_uppercase, *string.ascii_lowercase),
    "bymerge": _MERGED,
    "balanced": _MERGED,
    "letters": tuple(string.ascii_uppercase),
    "digits": tuple(string.digits),
    "mnist": tuple(string.digits),
}
# The labels of "letters" are 1 to 26.
FIRST_LABEL = {"letters": 1}
_MAX_MAPPING_BYTES = 100_000


class _Mapping(NamedTuple):
    first_label: int
    names: tuple[str, ...]


def find_splits(folder: pathlib.Path) -> list[str]:
    """Returns the names of the splits of which a folder holds a file of training images, as IDX or CSV."""
    return [
        split
        for split in CLASS_NAMES
        if find_file(folder, f"emnist-{split}-train-images-idx3-ubyte") or _csv_file(folder, split, "train")
    ]


def read_emnist(folder: pathlib.Path, name: str, split: str) -> Digits:
    """Reads a split of EMNIST with upright images and labels from 0.

    Args:
        folder: holds emnist-SPLIT-train-images-idx3-ubyte and so on (plain or .gz), or emnist-SPLIT-train.csv; its
            emnist-SPLIT-mapping.txt, if there is one, has the names.
        name: the dataset's name.
        split: a key of `CLASS_NAMES`.

    Raises:
        InputError: a file is missing or damaged, or a label is outside of the mapping.
    """
    first_label, class_names = _read_mapping(folder, split)
    csv_files = {part: _csv_file(folder, split, part) for part in ("train", "test")}
    if csv_files["train"] and not find_file(folder, f"emnist-{split}-train-images-idx3-ubyte"):
        sets = {part: read_csv(path) for part, path in csv_files.items() if path}
    else:
        files = [
            f"emnist-{split}-{part}-{kind}-ubyte"
            for part in ("train", "test")
            for kind in ("images-idx3", "labels-idx1")
        ]
        arrays = [read_idx(path, axes=1 if "labels" in path.name else 3) for path in find_files(folder, files)]
        sets = {"train": Labeled(*arrays[:2]), "test": Labeled(*arrays[2:])}
    upright = {
        part: Labeled(transpose(images), number_from_zero(part, labels, first_label, len(class_names)))
        for part, (images, labels) in sets.items()
    }
    return to_digits(
        name, upright["train"], upright.get("test"), class_names, note="EMNIST's images transposed to upright"
    )


def transpose(images: np.ndarray) -> np.ndarray:
    """Returns images (examples, 28, 28), or of another shape with as many pixels, with rows and columns exchanged."""
    if images.size != len(images) * 28 * 28:
        # `to_digits` has the message.
        return images
    return np.ascontiguousarray(images.reshape(-1, 28, 28).swapaxes(1, 2))


def number_from_zero(part: str, labels: np.ndarray, first_label: int, classes: int) -> np.ndarray:
    """Returns labels minus the first one.

    Raises:
        InputError: a label is outside of the range of this number of classes.
    """
    last = first_label + classes - 1
    if labels.size and (labels.min() < first_label or labels.max() > last):
        raise InputError(
            f"The {part} labels must lie in {first_label}..{last}. Received: labels from {labels.min()} to "
            f"{labels.max()}. Check that images, labels and mapping belong to the same split of EMNIST."
        )
    return (labels.astype(np.int64) - first_label).astype(label_dtype(classes))


def _csv_file(folder: pathlib.Path, split: str, part: str) -> pathlib.Path | None:
    paths = (folder / f"emnist-{split}-{part}.csv{ending}" for ending in ("", ".gz"))
    return next((path for path in paths if path.is_file()), None)


def _read_mapping(folder: pathlib.Path, split: str) -> _Mapping:
    """Reads lines such as "10 65", or "1 65 97" with a second character of the same class."""
    path = folder / f"emnist-{split}-mapping.txt"
    if not path.is_file():
        return _Mapping(FIRST_LABEL.get(split, 0), CLASS_NAMES[split])
    with path.open("rb") as file:
        text = file.read(_MAX_MAPPING_BYTES + 1).decode("ascii", errors="replace")
    characters = {}
    for number, line in enumerate(text.splitlines(), start=1):
        try:
            label, code, *_ = map(int, line.split())
            characters[label] = chr(code)
        except (ValueError, OverflowError):
            if line.strip():
                raise InputError(
                    f"{path} has a wrong line. Expected: a label and the code of its character, as in '10 65'. "
                    f"Received: line {number}, {line[:40]!r}. Download EMNIST again, or delete this file."
                ) from None
    labels = sorted(characters)
    if not labels or labels[0] not in (0, 1) or labels != list(range(labels[0], labels[0] + len(labels))):
        raise InputError(
            f"{path} must have a line for each label, from 0 or 1 on without gaps. Received: "
            f"{len(labels)} labels{f' from {labels[0]} to {labels[-1]}' if labels else ''}. "
            "Download EMNIST again, or delete this file."
        )
    return _Mapping(labels[0], tuple(characters[label] for label in labels))
