"""A dataset of 28x28 images: training set, test set, class names, and the checksums of MNIST."""

import dataclasses
import hashlib
import json
from collections.abc import Sequence

import numpy as np

from mnist_keras.errors import InputError

# `content_hash` of MNIST's training set and test set.
TRAIN_HASH = "386a0fff07efe9ae3f934853780556ca1fe630371d4964508a3e3256c2063b0e"
TEST_HASH = "292a2c8e9008782f6c6c94df46012a17c808c2666413d175e62502bbcf68dd61"
# Between the name of a dataset and the number of validation images.
VALIDATION_SEPARATOR = "-validation-"
# Class names of MNIST and of every dataset that brings no names.
DIGIT_NAMES = tuple("0123456789")
MAX_CLASSES = 1000


def is_of_digits(class_names: Sequence[str]) -> bool:
    """Returns whether class names are those of the ten digits, in their order."""
    return tuple(class_names) == DIGIT_NAMES


@dataclasses.dataclass(frozen=True)
class Digits:
    """A training set and a test set of 28x28 grayscale images, with the names of their classes.

    Raises:
        InputError: an array has another dtype, shape or range, a set is empty, or a class name is invalid.
    """

    #: "mnist", "sample", the name of a folder, or NAME-validation-COUNT.
    name: str
    #: uint8 (examples, 28, 28), white ink on black.
    train_images: np.ndarray
    #: Integers (examples,), 0 to len(class_names) - 1.
    train_labels: np.ndarray
    #: As `train_images`.
    test_images: np.ndarray
    #: As `train_labels`.
    test_labels: np.ndarray
    #: The name of each label, 2 to 1,000 different names.
    class_names: tuple[str, ...] = DIGIT_NAMES
    #: What was changed to make the dataset, such as "test set split off"; "" if nothing was.
    note: str = ""
    #: The form of its files, such as "an npz file"; "" for MNIST, the sample, and arrays in memory.
    form: str = ""
    #: The dataset whose training images are part of `train_images`, see `mix_datasets`. Its test set is no part of
    #: `test_images`.
    mixed_in: "Digits | None" = None

    def __post_init__(self):
        # JSON and users bring lists.
        object.__setattr__(self, "class_names", tuple(self.class_names))
        _check_names(self.class_names)
        for part in ("train", "test"):
            images, labels = getattr(self, f"{part}_images"), getattr(self, f"{part}_labels")
            _check(part, images, labels, len(self.class_names))

    def checksum(self) -> str:
        """Returns the SHA-256 of the four arrays in their order, as hexadecimal digits.

        Class names other than "0" to "9" are part of it.
        """
        digest = hashlib.sha256()
        for array in (self.train_images, self.train_labels, self.test_images, self.test_labels):
            digest.update(np.ascontiguousarray(array).data)
        if not is_of_digits(self.class_names):
            digest.update(json.dumps(self.class_names).encode())
        return digest.hexdigest()


def _check_names(names: tuple[str, ...]) -> None:
    if not 2 <= len(names) <= MAX_CLASSES:
        raise InputError(
            f"A dataset must have 2 to {MAX_CLASSES:,} classes. Received: {len(names):,} "
            f"({', '.join(map(str, names[:5])) or 'no names'}{', ...' if len(names) > 5 else ''}). "
            "Add or merge classes."
        )
    for name in names:
        # Files of labels have one name per line.
        if not isinstance(name, str) or not name.strip() or not name.isprintable():
            raise InputError(
                f"Class names must be text of one line. Expected: names such as 'seven'. Received: {name!r}. Rename it."
            )
    if len(set(names)) < len(names):
        twice = next(name for name in names if names.count(name) > 1)
        raise InputError(
            f"Class names must differ. Expected: each name once. Received: {twice!r} {names.count(twice)} times. "
            "Rename or merge these classes."
        )


def _check(part: str, images: np.ndarray, labels: np.ndarray, classes: int) -> None:
    if images.dtype != np.uint8 or images.ndim != 3 or images.shape[1:] != (28, 28):
        raise InputError(
            f"The {part} images must be uint8 of shape (examples, 28, 28). "
            f"Received: {images.dtype} of shape {images.shape}. Convert the images to 28x28 pixels of 0..255."
        )
    if labels.ndim != 1 or labels.dtype.kind not in "ui":
        raise InputError(
            f"The {part} labels must be integers of shape (examples,). "
            f"Received: {labels.dtype} of shape {labels.shape}. Convert them to class numbers."
        )
    if len(images) != len(labels):
        raise InputError(
            f"Each {part} image must have one label. Received: {len(images)} images and {len(labels)} labels. "
            "Check that both belong to the same dataset."
        )
    if not len(images):
        raise InputError(f"The {part} set must hold at least one image. Received: 0 images. Add images to it.")
    if labels.min() < 0 or labels.max() >= classes:
        raise InputError(
            f"The {part} labels must lie in 0..{classes - 1}. Received: labels from {labels.min()} to {labels.max()}. "
            "Remove the other classes."
        )


def base_dataset(name: str) -> str:
    """Returns NAME of NAME-validation-COUNT, the name of a validation split. Other names are returned unchanged."""
    return name.split(VALIDATION_SEPARATOR)[0]


def kind_of_test_set(name: str) -> str:
    """Returns "validation" for NAME-validation-COUNT, whose test set are validation images, otherwise "test"."""
    return "test" if base_dataset(name) == name else "validation"


def is_whole_mnist(name: str, train_examples: int) -> bool:
    """Returns whether a dataset is MNIST with all training images, and not a validation split or a mixture."""
    return name == "mnist" and train_examples == 60_000


def content_hash(images: np.ndarray, labels: np.ndarray) -> str:
    """Returns the SHA-256 of labelled images, independent of their order. TensorFlow Datasets stores MNIST shuffled.

    Args:
        images: uint8 (examples, 28, 28).
        labels: integers (examples,).
    """
    rows = np.concatenate([images.reshape(len(images), -1), labels.astype(np.uint8)[:, np.newaxis]], axis=1)
    return hashlib.sha256(np.sort(rows.view(f"S{rows.shape[1]}"), axis=0).data).hexdigest()


def verify_mnist(digits: Digits, source: str) -> Digits:
    """Returns `digits` unchanged if its checksums are those of MNIST.

    Args:
        digits: the dataset.
        source: the origin of the dataset for the error message, such as a folder.

    Raises:
        InputError: a checksum differs.
    """
    for part, expected in (("train", TRAIN_HASH), ("test", TEST_HASH)):
        images, labels = getattr(digits, f"{part}_images"), getattr(digits, f"{part}_labels")
        received = content_hash(images, labels)
        if received != expected:
            raise InputError(
                f"The {part} set in {source} is not MNIST. Expected: checksum {expected[:16]}... "
                f"Received: {received[:16]}... over {len(images)} images. Pass --dataset=folder for another dataset; "
                "otherwise download MNIST again."
            )
    return digits
