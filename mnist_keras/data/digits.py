"""A dataset of 28x28 digits: training set, test set, validation split, and the checksums of MNIST."""

import dataclasses
import hashlib

import numpy as np

from mnist_keras.errors import InputError

# `content_hash` of MNIST's training set and test set.
TRAIN_HASH = "386a0fff07efe9ae3f934853780556ca1fe630371d4964508a3e3256c2063b0e"
TEST_HASH = "292a2c8e9008782f6c6c94df46012a17c808c2666413d175e62502bbcf68dd61"
# The class names of digits, which are the default everywhere.
DIGIT_NAMES = tuple("0123456789")
# Maximum number of classes.
MAX_CLASSES = 1000
# Between the name of a dataset and the number of validation images.
_SEPARATOR = "-validation-"


@dataclasses.dataclass(frozen=True)
class Digits:
    """A training set and a test set of 28x28 grayscale images: digits, or other classes with names.

    Raises:
        InputError: an array has another dtype, shape or range, or a set is empty.
    """

    #: "mnist", "sample", the name of a folder, or NAME-validation-COUNT.
    name: str
    #: uint8 (examples, 28, 28), white ink on black.
    train_images: np.ndarray
    #: Integers (examples,), from 0 to the number of classes minus 1.
    train_labels: np.ndarray
    #: As `train_images`.
    test_images: np.ndarray
    #: As `train_labels`.
    test_labels: np.ndarray
    #: The name of each class, 2 to 1,000 of them.
    class_names: tuple[str, ...] = DIGIT_NAMES

    def __post_init__(self):
        for part in ("train", "test"):
            _check(part, getattr(self, f"{part}_images"), getattr(self, f"{part}_labels"), len(self.class_names))

    def checksum(self) -> str:
        """Returns the SHA-256 of the four arrays in their order, as hexadecimal digits."""
        digest = hashlib.sha256()
        for array in (self.train_images, self.train_labels, self.test_images, self.test_labels):
            digest.update(np.ascontiguousarray(array).data)
        return digest.hexdigest()


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
    return name.split(_SEPARATOR)[0]


def split_validation(digits: Digits, count: int) -> Digits:
    """Splits a validation set from the training set, stratified by digit. The split is always the same.

    Args:
        digits: the dataset; its test set is not part of the result.
        count: number of validation images; a multiple of ten.

    Returns:
        A dataset named NAME-validation-COUNT. The remaining training images are its training set, the validation
        images its test set.

    Raises:
        InputError: `count` is not a positive multiple of ten, or a digit would have no training image left.
    """
    per_digit, minimum = count // 10, np.bincount(digits.train_labels, minlength=10).min()
    if count <= 0 or count % 10 or per_digit >= minimum:
        raise InputError(
            f"validation must be a multiple of ten below {10 * minimum}, ten times the number of images of the rarest "
            f"digit. Received: validation={count}. Choose another number of images."
        )
    random = np.random.default_rng(0)
    is_validation = np.zeros(len(digits.train_labels), bool)
    for digit in range(10):
        candidates = np.flatnonzero(digits.train_labels == digit)
        is_validation[random.choice(candidates, per_digit, replace=False)] = True
    images, labels = digits.train_images, digits.train_labels
    return Digits(
        name=f"{digits.name}{_SEPARATOR}{count}",
        train_images=images[~is_validation],
        train_labels=labels[~is_validation],
        test_images=images[is_validation],
        test_labels=labels[is_validation],
        class_names=digits.class_names,
    )


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
