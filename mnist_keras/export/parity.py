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
) -> dict[str, Parity]:
    """Predicts with the files of an export in a fresh process, and compares the probabilities with the model's.

    Args:
        folder: the export's folder.
        images: uint8 of shape `(examples, 28, 28)`.
        labels: integers of shape `(examples,)`.
        expected: by format, the Keras model's probabilities, float32 of shape `(examples, 10)`.

    Returns:
        A Parity per format.

    Raises:
        InputError: a file cannot be read, or differs from the model by more than its format allows.
    """
    paths = [folder / FORMATS[name].file for name in expected]
    answers, latencies = _answers(paths, images)
    return {
        name: _compare(FORMATS[name], path, received, latency, labels, expected[name])
        for name, path, received, latency in zip(expected, paths, answers, latencies, strict=True)
    }


def _answers(paths: list[pathlib.Path], images: np.ndarray) -> tuple[list[np.ndarray], list[float]]:
    with tempfile.TemporaryDirectory() as folder:
        np.save(f"{folder}/images.npy", images)
        result = run_module("mnist_keras.export.parity", f"{folder}/images.npy", folder, *paths)
        if result.returncode:
            reason = (result.stderr.strip().splitlines() or [f"status {result.returncode}"])[-1]
            raise InputError(f"The exported files cannot be read back: {reason.rstrip('.')}. Nothing was changed.")
        return [np.load(f"{folder}/{number}.npy") for number in range(len(paths))], json.loads(result.stdout)


def _compare(
    kind: Format, path: pathlib.Path, received: np.ndarray, latency: float, labels: np.ndarray, expected: np.ndarray
) -> Parity:
    classes = received.argmax(axis=1)
    agreeing = int((classes == expected.argmax(axis=1)).sum())
    difference = float(np.abs(received - expected).max())
    # `not (... <= ...)`, because NaN must fail too.
    if not (difference <= kind.max_difference and agreeing >= kind.min_agreement * len(labels)):
        raise InputError(
            f"The exported file {path.name} does not predict like the model. Expected: at least "
            f"{kind.min_agreement:.1%} equal classes, and probabilities within {kind.max_difference:g}. Received: "
            f"{agreeing} of {len(labels)} equal classes, a difference of {difference:.2g}. Nothing was changed. "
            "Export another format."
        )
    files = [path] if path.is_file() else [file for file in path.rglob("*") if file.is_file()]
    size = sum(file.stat().st_size for file in files)
    return Parity(len(labels), agreeing, difference, int((classes == labels).sum()), size, round(latency, 1))


# Number of predictions whose median is the latency.
_TIMED_PREDICTIONS = 100


def answer(images_file: str, folder: str, *files: str) -> None:
    """Predicts with exported files, in the child process.

    Saves the probabilities of each file as `folder`/0.npy, 1.npy, ..., float32 of shape `(examples, 10)`. Prints a JSON
    list of the median microseconds per digit.

    Args:
        images_file: an npy file of uint8 images, `(examples, 28, 28)`.
        folder: an existing folder for the probabilities.
        files: exported files, in the formats that `load_predictor` reads.

    Raises:
        InputError: a file cannot be read.
    """
    # Imported here, because the parent process predicts nothing.
    from mnist_keras.inference.predictor import load_predictor

    images = np.load(images_file)
    latencies = []
    for number, file in enumerate(files):
        predictor = load_predictor(file, trusted=True)
        np.save(pathlib.Path(folder) / f"{number}.npy", predictor.predict(images))
        latencies.append(_latency(predictor.predict, images))
    print(json.dumps(latencies))


def _latency(predict: Callable[[np.ndarray], np.ndarray], images: np.ndarray) -> float:
    seconds = []
    for index in range(_TIMED_PREDICTIONS):
        image = images[index % len(images)][np.newaxis]
        start = time.perf_counter()
        predict(image)
        seconds.append(time.perf_counter() - start)
    return 1e6 * statistics.median(seconds)


if __name__ == "__main__":
    try:
        answer(*sys.argv[1:])
    except InputError as error:
        sys.exit(str(error))
