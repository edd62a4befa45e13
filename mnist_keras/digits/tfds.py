"""MNIST by TensorFlow Datasets: its cache, else a download."""

import os
import pathlib
import threading
import urllib.error
import urllib.request
from typing import Any

import numpy as np

from mnist_keras.digits.arrays import Digits
from mnist_keras.errors import InputError

# Where TFDS fetches MNIST from.
_URL = "https://storage.googleapis.com/cvdf-datasets/mnist/train-labels-idx1-ubyte.gz"
_PROBE_SECONDS = 5.0


def in_cache() -> bool:
    """Whether TFDS has MNIST prepared on disk. Does not import TFDS."""
    return any(default_cache().glob("mnist/*/dataset_info.json"))


def reachable(url: str = _URL, seconds: float = _PROBE_SECONDS) -> bool:
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
