"""Compares the predictions of exported files with those of the Keras model.

`python -m mnist_keras.export.parity IMAGES.npy FOLDER FILE...` is the process that predicts with the exported files.
"""

import dataclasses
import json
import pathlib
import statistics
import sys
import tempfile
import time
from collections.abc import Callable, Mapping

import numpy as np

from mnist_keras.distribution.subprocesses import run_module
from mnist_keras.errors import InputError
from mnist_keras.export.formats import FORMATS, Format


@dataclasses.dataclass(frozen=True)
class Parity:
    """An exported file compared with the Keras model on the same images."""

    # Number of images.
    examples: int
    # Number of images for which both predict the same class.
    classes_agreeing: int
    # Maximum absolute difference between two probabilities, over all images and classes.
    largest_difference: float
    # Number of images that the file classifies correctly.
    correct: int
    # Size of the file; of all files in a SavedModel.
    bytes: int
    # Median latency of one digit on the machine that exported, one thread for LiteRT.
    microseconds: float


def check_parity(
    folder: pathlib.Path, images: np.ndarray, labels: np.ndarray, expected: Mapping[str, np.ndarray]
) -> tuple[dict[str, Parity], dict[str, str]]:
    """Predicts with the files of an export in a fresh process, and compares the probabilities with the model's.

    Args:
        folder: the export's folder.
        images: uint8 of shape `(examples, 28, 28)`.
        labels: integers of shape `(examples,)`.
        expected: by format, the Keras model's probabilities, float32 of shape `(examples, 10)`.

    Returns:
        A Parity per format, and per failed format a message: its file cannot be read, or differs from the model by
        more than the format allows.
    """
    paths = [folder / FORMATS[name].file for name in expected]
    parity, failures = {}, {}
    for name, path, answer in zip(expected, paths, _predict_all(paths, images), strict=True):
        try:
            if isinstance(answer, str):
                raise InputError(f"The exported file {path.name} cannot be read back: {answer}")
            parity[name] = _compare(FORMATS[name], path, *answer, labels, expected[name])
        except InputError as error:
            failures[name] = str(error)
    return parity, failures


_Answer = tuple[np.ndarray, float] | str


def _predict_all(paths: list[pathlib.Path], images: np.ndarray) -> list[_Answer]:
    """Returns probabilities and latency of each file, or a message."""
    with tempfile.TemporaryDirectory() as folder:
        np.save(f"{folder}/images.npy", images)
        result = run_module("mnist_keras.export.parity", f"{folder}/images.npy", folder, *paths)
        if result.returncode and len(paths) > 1:
            # A file that crashes the process hides the others.
            return [answer for path in paths for answer in _predict_all([path], images)]
        if result.returncode:
            return [(result.stderr.strip().splitlines() or [f"the process ended with status {result.returncode}"])[-1]]
        outcomes = json.loads(result.stdout.splitlines()[-1])
        return [
            outcome if isinstance(outcome, str) else (np.load(f"{folder}/{number}.npy"), outcome)
            for number, outcome in enumerate(outcomes)
        ]


def _compare(
    kind: Format, path: pathlib.Path, received: np.ndarray, latency: float, labels: np.ndarray, expected: np.ndarray
) -> Parity:
    labels = labels[: len(expected)]
    classes = received.argmax(axis=1)
    agreeing = int((classes == expected.argmax(axis=1)).sum())
    difference = float(np.abs(received - expected).max())
    # `not (... <= ...)`, because NaN must fail too.
    if not (difference <= kind.max_difference and agreeing >= kind.min_agreement * len(labels)):
        raise InputError(
            f"The exported file {path.name} does not predict like the model. Expected: at least "
            f"{kind.min_agreement:.1%} equal classes, and probabilities within {kind.max_difference:g}. Received: "
            f"{agreeing} of {len(labels)} equal classes, a difference of {difference:.2g}. Train for more epochs, or "
            "export another format."
        )
    files = [path] if path.is_file() else [file for file in path.rglob("*") if file.is_file()]
    size = sum(file.stat().st_size for file in files)
    return Parity(len(labels), agreeing, difference, int((classes == labels).sum()), size, round(latency, 1))


# Number of predictions whose median is the latency.
_TIMED_PREDICTIONS = 100


def answer(images_file: str, folder: str, *files: str) -> None:
    """Predicts with exported files, in the child process.

    Saves the probabilities of each file as `folder`/0.npy, 1.npy, ..., float32 of shape `(examples, 10)`. Prints a JSON
    list: per file, the median microseconds per digit, or a message if it cannot be read.

    Args:
        images_file: an npy file of uint8 images, `(examples, 28, 28)`.
        folder: an existing folder for the probabilities.
        files: exported files, in the formats that `load_predictor` reads.
    """
    # Imported here, because the parent process predicts nothing.
    from mnist_keras.inference.predictor import load_predictor

    images = np.load(images_file)
    outcomes: list[float | str] = []
    for number, file in enumerate(files):
        try:
            predictor = load_predictor(file, trusted=True)
            compared = images[: _max_images(file)]
            np.save(pathlib.Path(folder) / f"{number}.npy", predictor.predict(compared))
            outcomes.append(_latency(predictor.predict, compared))
        except InputError as error:
            outcomes.append(str(error))
    print(json.dumps(outcomes))


def _max_images(file: str) -> int | None:
    limits = {kind.file: kind.max_images for kind in FORMATS.values()}
    return limits.get(pathlib.Path(file).name)


def _latency(predict: Callable[[np.ndarray], np.ndarray], images: np.ndarray) -> float:
    seconds = []
    for index in range(_TIMED_PREDICTIONS):
        image = images[index % len(images)][np.newaxis]
        start = time.perf_counter()
        predict(image)
        seconds.append(time.perf_counter() - start)
    return 1e6 * statistics.median(seconds)


if __name__ == "__main__":
    answer(*sys.argv[1:])
