"""Arrays in the usual layouts (flat or float images, one-hot labels, no test set) to a dataset."""

import warnings
from collections.abc import Sequence
from typing import NamedTuple

import numpy as np

from mnist_keras.data.digits import DIGIT_NAMES, MAX_CLASSES, Digits
from mnist_keras.data.splits import choose_test_images
from mnist_keras.errors import InputError, InputWarning

# `Digits.note` of a dataset that has a validation set and no test set.
VALIDATION_AS_TEST = "validation set used as the test set"
# Shapes of images without their first axis.
_SHAPES = ((28, 28), (28, 28, 1), (1, 28, 28), (784,))


class Labeled(NamedTuple):
    """Images and their labels, in any layout that `to_digits` accepts."""

    images: np.ndarray
    labels: np.ndarray


def to_digits(
    name: str, train: Labeled, test: Labeled | None, class_names: Sequence[str] | None = None, note: str = ""
) -> Digits:
    """Returns a dataset of arrays in any of the usual layouts.

    Args:
        name: the dataset's name.
        train: images of shape (n, 28, 28), (n, 28, 28, 1), (n, 1, 28, 28) or (n, 784), whole numbers from 0 to 255 or
            floats from 0 to 1 or from 0 to 255; labels of shape (n,) or (n, 1), or one-hot (n, classes).
        test: as `train`. None: a stratified fifth of the training images, at most 10,000.
        class_names: None: the ten digits, or "0", "1", ... if there are labels above 9.
        note: see `Digits.note`.

    Raises:
        InputError: an array has another layout, type or range, or a class has no training image.
    """
    parts = {"train": train} if test is None else {"train": train, "test": test}
    images = {part: _flat_to_square(part, labeled.images) for part, labeled in parts.items()}
    images = _to_uint8(images)
    labels = {part: _to_class_numbers(part, labeled.labels) for part, labeled in parts.items()}
    one_hot = {labeled.labels.shape[1] for labeled in parts.values() if _is_table(labeled.labels)}
    if class_names is None:
        class_names = _default_names(labels["train"], max(one_hot, default=0))
    if test is None:
        if len(images["train"]) != len(labels["train"]) or not len(labels["train"]):
            # Digits has the message.
            return Digits(name, images["train"], labels["train"], images["train"], labels["train"])
        is_test = choose_test_images(labels["train"])
        images = {"train": images["train"][~is_test], "test": images["train"][is_test]}
        labels = {"train": labels["train"][~is_test], "test": labels["train"][is_test]}
        split = f"test set of {is_test.sum():,} images split off from the training images"
        note = f"{note}; {split}" if note else split
        warnings.warn(
            f"{name} has no test set: {is_test.sum():,} of its {len(is_test):,} images, always the same, are split off "
            "for testing, the same fraction of each class.",
            InputWarning,
            stacklevel=2,
        )
    return Digits(
        name=name,
        train_images=images["train"],
        train_labels=labels["train"],
        test_images=images["test"],
        test_labels=labels["test"],
        class_names=tuple(class_names),
        note=note,
    )


def label_dtype(classes: int) -> type:
    """Returns the unsigned integer type that holds the labels of this number of classes."""
    return np.uint8 if classes <= 256 else np.uint16


def _flat_to_square(part: str, images: np.ndarray) -> np.ndarray:
    if images.shape[1:] not in _SHAPES:
        raise InputError(
            f"The {part} images must be uint8 of shape (examples, 28, 28), (examples, 28, 28, 1) or (examples, 784). "
            f"Received: {images.dtype} of shape {images.shape}. Convert the images to 28x28 gray pixels of 0..255."
        )
    return images.reshape(len(images), 28, 28)


def _to_uint8(images: dict[str, np.ndarray]) -> dict[str, np.ndarray]:
    """Converts images to 0..255, and says so unless they are whole numbers of that range."""
    whites = {part: _white(part, array) for part, array in images.items()}
    if len(set(whites.values())) > 1:
        raise InputError(
            "Training images and test images must have the same range. Expected: both from 0 to 1, or both from 0 to "
            f"255. Received: training images to {images['train'].max():.4g}, test images to "
            f"{images['test'].max():.4g}. Scale both alike."
        )
    white = whites["train"]
    if white == 255 and all(array.dtype.kind in "ui" for array in images.values()):
        return {part: array.astype(np.uint8, copy=False) for part, array in images.items()}
    kind = images["train"].dtype
    warnings.warn(
        f"the images are {kind} from 0 to {white}: they are converted to whole numbers from 0 to 255.",
        InputWarning,
        stacklevel=3,
    )
    scale = np.float32(255 / white)
    return {part: np.round(array.astype(np.float32) * scale).astype(np.uint8) for part, array in images.items()}


def _white(part: str, images: np.ndarray) -> int:
    """Returns the value of white, 1 or 255. The range must be plain: the brightest pixels of a dataset are bright."""
    if not images.size:
        return 255
    low, high = images.min(), images.max()
    if images.dtype.kind in "bui" and low >= 0 and high <= 255:
        return 1 if high == 1 else 255
    # NaN fails each comparison.
    if images.dtype.kind == "f" and low >= 0:
        if 0.5 < high <= 1:
            return 1
        if 127 < high <= 255:
            return 255
    raise InputError(
        f"The {part} images must be uint8 of shape (examples, 28, 28), or floating-point numbers from 0 to 1 or from 0 "
        f"to 255. Received: {images.dtype} of shape {images.shape} from {low:.6g} to {high:.6g}. "
        "Convert the images to 28x28 pixels of 0..255."
    )


def _is_table(labels: np.ndarray) -> bool:
    return labels.ndim == 2 and labels.shape[1] > 1


def _to_class_numbers(part: str, labels: np.ndarray) -> np.ndarray:
    if labels.ndim == 2 and labels.shape[1] == 1:
        labels = labels[:, 0]
    if _is_table(labels):
        is_one_hot = np.isin(labels, (0, 1)).all() and (labels.sum(axis=1, dtype=np.float64) == 1).all()
        if not is_one_hot or labels.shape[1] > MAX_CLASSES:
            raise InputError(
                f"The {part} labels must be integers of shape (examples,), or one-hot: a single 1 among zeros in each "
                f"row of at most {MAX_CLASSES:,}. Received: {labels.dtype} of shape {labels.shape}. Convert them to "
                "class numbers."
            )
        return labels.argmax(axis=1).astype(label_dtype(labels.shape[1]))
    return labels


def _default_names(train_labels: np.ndarray, one_hot: int) -> tuple[str, ...]:
    """Returns "0", "1", ... up to the largest training label: the ten digits at least."""
    if one_hot:
        return tuple(map(str, range(one_hot)))
    if (
        train_labels.dtype.kind not in "ui"
        or train_labels.ndim != 1
        or not train_labels.size
        or train_labels.max() < 10
    ):
        return DIGIT_NAMES
    largest = int(train_labels.max())
    found = np.unique(train_labels)
    if largest >= MAX_CLASSES or found[0] < 0:
        raise InputError(
            f"The train labels must lie in 0..{MAX_CLASSES - 1}. Received: labels from {found[0]} to {largest}. "
            "Number the classes from 0."
        )
    missing = np.setdiff1d(np.arange(largest + 1), found)
    if missing.size:
        raise InputError(
            f"The train labels have gaps. Expected: images of each class from 0 to {largest}. Received: none of "
            f"{', '.join(map(str, missing[:8]))}{', ...' if missing.size > 8 else ''}. Number the classes "
            "without gaps, or save an npz file with the array class_names."
        )
    return tuple(map(str, range(largest + 1)))
