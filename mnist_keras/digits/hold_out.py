"""A validation set, so that nothing need be chosen on the test set."""

import numpy as np

from mnist_keras.digits.arrays import Digits
from mnist_keras.errors import InputError

_MARK = "-validation-"


def source_of(name: str) -> str:
    """The dataset that a validation set was held out of; any other dataset is its own source."""
    return name.split(_MARK)[0]


def hold_out(digits: Digits, count: int) -> Digits:
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
