"""Mixes another dataset into a training set, such as MNIST into a person's own digits."""

import dataclasses

import numpy as np

from mnist_keras.data.digits import Digits
from mnist_keras.errors import InputError, check

MIN_RATIO, MAX_RATIO = 0.1, 10.0


def is_ratio(text: str) -> bool:
    """Returns whether a text is a ratio for `mix_datasets`: a number from 0.1 to 10."""
    try:
        return MIN_RATIO <= float(text) <= MAX_RATIO
    except ValueError:
        return False


def mix_datasets(digits: Digits, other: Digits, ratio: float = 1.0) -> Digits:
    """Returns a dataset whose training set holds the images of two datasets, so that training on one keeps the other.

    Every training image of both is there. The images of the dataset that is too small for the ratio are repeated, each
    equally often or once more. The test set is that of `digits`; the one of `other` is in `mixed_in`.

    Args:
        digits: the dataset to learn.
        other: the dataset to keep. Its class names must contain those of `digits`, and are those of the result.
        ratio: training images of `other` per training image of `digits`, from 0.1 to 10.

    Raises:
        InputError: a class of `digits` is none of `other`, or the ratio is out of range.
    """
    check(MIN_RATIO <= ratio <= MAX_RATIO, f"a number from {MIN_RATIO:g} to {MAX_RATIO:g}", "ratio", ratio)
    unknown = [name for name in digits.class_names if name not in other.class_names]
    if unknown:
        raise InputError(
            f"{other.name} cannot be mixed into {digits.name}, which has other classes. Expected: some of "
            f"{', '.join(other.class_names[:12])}{', ...' if len(other.class_names) > 12 else ''}. Received: "
            f"{', '.join(unknown[:5])}. Rename these classes, or train without a second dataset."
        )
    label_of = np.array([other.class_names.index(name) for name in digits.class_names], other.train_labels.dtype)
    own = _repeated(len(digits.train_labels), round(len(other.train_labels) / ratio))
    others = _repeated(len(other.train_labels), round(len(digits.train_labels) * ratio))
    note = f"mixed with {other.name}, {ratio:g} of its images per image"
    return dataclasses.replace(
        digits,
        train_images=np.concatenate([digits.train_images[own], other.train_images[others]]),
        train_labels=np.concatenate([label_of[digits.train_labels[own]], other.train_labels[others]]),
        test_labels=label_of[digits.test_labels],
        class_names=other.class_names,
        note="; ".join(filter(None, [digits.note, note])),
        mixed_in=other,
    )


def _repeated(examples: int, minimum: int) -> np.ndarray:
    """Returns the index of each example, repeated up to a minimum number, integers (at least `examples`,)."""
    return np.resize(np.random.default_rng(0).permutation(examples), max(examples, minimum))
