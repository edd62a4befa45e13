"""Digits: four arrays, where they came from, and what they must look like."""

import dataclasses
import hashlib

import numpy as np

from mnist_keras.errors import InputError


@dataclasses.dataclass(frozen=True)
class Digits:
    """A training set and a test set of 28x28 grey pictures of the classes 0 to 9."""

    #: "mnist", "sample", or the name of the folder they were read from.
    name: str
    #: uint8 (examples, 28, 28), white ink on black.
    train_images: np.ndarray
    #: uint8 (examples,), 0..9.
    train_labels: np.ndarray
    test_images: np.ndarray
    test_labels: np.ndarray

    def __post_init__(self):
        for part in ("train", "test"):
            _check(part, getattr(self, f"{part}_images"), getattr(self, f"{part}_labels"))

    def checksum(self) -> str:
        """SHA-256 over the four arrays, in their order."""
        digest = hashlib.sha256()
        for field in dataclasses.fields(self)[1:]:
            digest.update(np.ascontiguousarray(getattr(self, field.name)).data)
        return digest.hexdigest()


def _check(part: str, images: np.ndarray, labels: np.ndarray) -> None:
    if images.dtype != np.uint8 or images.ndim != 3 or images.shape[1:] != (28, 28):
        raise InputError(
            f"The {part} images must be uint8 of shape (examples, 28, 28). "
            f"Received: {images.dtype} of shape {images.shape}."
        )
    if labels.ndim != 1 or labels.dtype.kind not in "ui":
        raise InputError(
            f"The {part} labels must be integers of shape (examples,). "
            f"Received: {labels.dtype} of shape {labels.shape}."
        )
    if len(images) != len(labels):
        raise InputError(
            f"Every {part} image needs one label. Received: {len(images)} images and {len(labels)} labels."
        )
    if not len(images):
        raise InputError(f"The {part} set is empty; at least one image is needed.")
    if labels.min() < 0 or labels.max() > 9:
        raise InputError(f"The {part} labels must lie in 0..9. Received: labels from {labels.min()} to {labels.max()}.")


_MARK = "-validation-"


def base_dataset(name: str) -> str:
    """The dataset that a validation set was held out of; any other dataset is its own source."""
    return name.split(_MARK)[0]


def split_validation(digits: Digits, count: int) -> Digits:
    """Takes validation images from the training set, as many of every digit, always the same.

    Args:
        digits: the test set of these is left out of the result.
        count: validation images; a multiple of ten.

    Returns:
        NAME-validation-COUNT: the rest of the training set to train on, the validation images in the test set's place.

    Raises:
        InputError: `count` is no multiple of ten, or some digit has too few images.
    """
    each, fewest = count // 10, np.bincount(digits.train_labels, minlength=10).min()
    if count <= 0 or count % 10 or each >= fewest:
        raise InputError(
            f"validation must be a multiple of ten, and leave images of every digit to train on (the rarest has "
            f"{fewest}). Received: validation={count}"
        )
    random = np.random.default_rng(0)
    held = np.zeros(len(digits.train_labels), bool)
    for digit in range(10):
        held[random.choice(np.flatnonzero(digits.train_labels == digit), each, replace=False)] = True
    images, labels = digits.train_images, digits.train_labels
    return Digits(f"{digits.name}{_MARK}{count}", images[~held], labels[~held], images[held], labels[held])


# `content_hash` of the official archives, whose own SHA-256 stand in the tests.
TRAIN_HASH = "386a0fff07efe9ae3f934853780556ca1fe630371d4964508a3e3256c2063b0e"
TEST_HASH = "292a2c8e9008782f6c6c94df46012a17c808c2666413d175e62502bbcf68dd61"


def content_hash(images: np.ndarray, labels: np.ndarray) -> str:
    """SHA-256 of the labelled images, independent of their order: TFDS stores them shuffled.

    Args:
        images: uint8 (examples, 28, 28).
        labels: integers (examples,).
    """
    rows = np.concatenate([images.reshape(len(images), -1), labels.astype(np.uint8)[:, np.newaxis]], axis=1)
    return hashlib.sha256(np.sort(rows.view(f"S{rows.shape[1]}"), axis=0).data).hexdigest()


def verify_mnist(digits: Digits, source: str) -> Digits:
    """Returns the digits if they are MNIST.

    Raises:
        InputError: they are not.
    """
    for part, expected in (("train", TRAIN_HASH), ("test", TEST_HASH)):
        images, labels = getattr(digits, f"{part}_images"), getattr(digits, f"{part}_labels")
        received = content_hash(images, labels)
        if received != expected:
            raise InputError(
                f"The {part} set in {source} is not MNIST's: its checksum must be {expected[:16]}..., received "
                f"{received[:16]}... over {len(images)} images. If it is another dataset, say --dataset=folder; "
                "if it should be MNIST, fetch it again."
            )
    return digits
