"""MNIST of TensorFlow Datasets, kept as one npz in its cache: read in tenths of a second, where TFDS takes seconds."""

import contextlib
import pathlib

import numpy as np

from mnist_keras.digits import tfds
from mnist_keras.digits.arrays import Digits
from mnist_keras.digits.folder import npz_arrays, read_npz
from mnist_keras.digits.official import verify_mnist
from mnist_keras.errors import InputError
from mnist_keras.folders import file_written_whole


def at_hand() -> bool:
    """Whether MNIST can be read without a network."""
    return _path().is_file() or tfds.in_cache()


def load_mnist() -> Digits:
    """Reads the npz; where there is none, or a damaged one, what TFDS has, and keeps that.

    Raises:
        InputError: TFDS has no MNIST either, and cannot download it.
    """
    path = _path()
    with contextlib.suppress(InputError):
        return verify_mnist(read_npz(path, name="mnist"), source=str(path))
    digits = verify_mnist(tfds.load_tfds(), source="the cache of TensorFlow Datasets")
    # A cache of others may be for reading alone.
    with contextlib.suppress(OSError):
        path.parent.mkdir(parents=True, exist_ok=True)
        with file_written_whole(path) as file:
            np.savez(file, **npz_arrays(digits))
    return digits


def _path() -> pathlib.Path:
    return tfds.default_cache() / "mnist" / "mnist_keras.npz"
