"""Where digits come from, by name."""

import os
import pathlib
import sys

from mnist_keras.digits import prepared, tfds
from mnist_keras.digits.arrays import Digits
from mnist_keras.digits.folder import read_folder
from mnist_keras.digits.official import verify_mnist
from mnist_keras.digits.sample import load_sample
from mnist_keras.errors import InputError

DATASETS = ("auto", "mnist", "sample", "folder")
DATA_DIR_VARIABLE = "MNIST_KERAS_DATA_DIR"

_SAMPLE_WARNING = """\
############################################################################
  WARNING: MNIST is not at hand and cannot be downloaded. Using the built-in
  sample: 4,000 training and 1,000 test images. Its figures cannot be
  compared with figures on MNIST. Give MNIST by --data_dir=FOLDER.
############################################################################"""


def load_digits(name: str = "auto", data_dir: str | os.PathLike | None = None) -> Digits:
    """Loads a dataset.

    Args:
        name: "mnist": the official images, from `data_dir` where given, else by TensorFlow Datasets (its
            cache, then a download); checksums are verified. "folder": any dataset in MNIST's format, from
            `data_dir`, unverified. "sample": 5,000 MNIST images, no network needed. "auto": mnist if it is
            at hand or can be downloaded, else sample, with a warning on stderr.
        data_dir: a folder of the four IDX files (plain or gzipped), or an npz or its folder; the default is the
            environment variable MNIST_KERAS_DATA_DIR.

    Raises:
        InputError: no such dataset, or it cannot be read.
    """
    if name not in DATASETS:
        raise InputError(f"dataset must be one of {', '.join(DATASETS)}. Received: dataset={name!r}")
    data_dir = data_dir or os.environ.get(DATA_DIR_VARIABLE)
    folder = pathlib.Path(data_dir).expanduser() if data_dir else None
    if name == "sample":
        return load_sample()
    if name == "folder":
        if folder is None:
            raise InputError(f"The dataset 'folder' needs --data_dir=FOLDER or {DATA_DIR_VARIABLE}.")
        return read_folder(folder, name=_folder_name(folder))
    if folder is not None:
        return verify_mnist(read_folder(folder, name="mnist"), source=str(folder))
    if prepared.at_hand() or tfds.reachable():
        return prepared.load_mnist()
    if name == "auto":
        print(_SAMPLE_WARNING, file=sys.stderr)
        return load_sample()
    raise InputError(
        "MNIST is not at hand and its server does not answer. Give a folder with its four files by "
        f"--data_dir=FOLDER or {DATA_DIR_VARIABLE}, or train on the built-in sample: --dataset=sample."
    )


def _folder_name(folder: pathlib.Path) -> str:
    # Only what was verified is called MNIST.
    name = folder.resolve().name.removesuffix(".npz")
    return f"{name}-folder" if name.lower() in DATASETS else name
