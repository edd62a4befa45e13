"""QMNIST: MNIST's format, with a table of eight numbers per image in place of its label."""

import pathlib

from mnist_keras.data.archives import read_idx
from mnist_keras.data.digits import Digits
from mnist_keras.data.forms.idx import find_file, find_files
from mnist_keras.data.forms.layouts import Labeled, to_digits
from mnist_keras.errors import InputError

_IMAGES, _LABELS = "qmnist-{}-images-idx3-ubyte", "qmnist-{}-labels-idx2-int"


def is_qmnist(folder: pathlib.Path) -> bool:
    """Returns whether a folder holds the training images of QMNIST."""
    return find_file(folder, _IMAGES.format("train")) is not None


def read_qmnist(folder: pathlib.Path, name: str) -> Digits:
    """Reads QMNIST from its four files. The digit is the first of the eight numbers (Yadav and Bottou 2019).

    Raises:
        InputError: a file is missing or damaged.
    """
    sets = []
    for part in ("train", "test"):
        images, labels = find_files(folder, [_IMAGES.format(part), _LABELS.format(part)])
        table = read_idx(labels, axes=2, numbers="32-bit integers")
        if table.shape[1] != 8:
            raise InputError(
                f"{labels} must have 8 numbers per image: the digit, its writer and its origin. "
                f"Received: shape {table.shape}. Download it again."
            )
        # Negative numbers stay negative for the check of the labels.
        digits = table[:, 0].astype("int32")
        is_valid = digits.size and digits.min() >= 0 and digits.max() <= 9
        sets.append(Labeled(read_idx(images, axes=3), digits.astype("uint8") if is_valid else digits))
    return to_digits(name, sets[0], sets[1], tuple("0123456789"))
