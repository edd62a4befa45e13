"""Do exported files answer like the model they were made from?"""

import dataclasses
import json
import os
import pathlib
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Mapping, Sequence

import numpy as np

import mnist_keras
from mnist_keras.errors import InputError
from mnist_keras.export.formats import FORMATS, Format
from mnist_keras.inference.predictor import Predictor, load_predictor


@dataclasses.dataclass(frozen=True)
class Parity:
    """A file compared with the live model on the same images."""

    examples: int
    # Images on which both name the same digit.
    classes_agreeing: int
    # Over all images and digits.
    largest_difference: float
    # Images that the file reads right.
    correct: int
    bytes: int
    # Median for one digit, on the machine that exported.
    microseconds: float


def check_parity(
    folder: pathlib.Path, images: np.ndarray, labels: np.ndarray, expected: Mapping[str, np.ndarray]
) -> dict[str, Parity]:
    """Reads the files of an export back, in a fresh process, and compares their answers.

    Args:
        folder: of the export.
        images: uint8 (examples, 28, 28).
        labels: integers (examples,).
        expected: by format, the live model's probabilities, float32 (examples, 10).

    Returns:
        A Parity for each format.

    Raises:
        InputError: a file cannot be read, or is further from the model than its format may be.
    """
    paths = [folder / FORMATS[name].file for name in expected]
    answers, latencies = _answers(paths, images)
    return {
        name: _compare(FORMATS[name], path, received, latency, labels, expected[name])
        for name, path, received, latency in zip(expected, paths, answers, latencies, strict=True)
    }


def _answers(paths: list[pathlib.Path], images: np.ndarray) -> tuple[list[np.ndarray], list[float]]:
    root = str(pathlib.Path(mnist_keras.__file__).parents[1])
    environment = os.environ | {"PYTHONPATH": os.pathsep.join([root, os.environ.get("PYTHONPATH", "")])}
    with tempfile.TemporaryDirectory() as folder:
        np.save(f"{folder}/images.npy", images)
        command = [
            sys.executable,
            "-m",
            "mnist_keras.export.parity",
            f"{folder}/images.npy",
            folder,
            *map(str, paths),
        ]
        result = subprocess.run(command, env=environment, capture_output=True, text=True, check=False)
        if result.returncode:
            reason = (result.stderr.strip().splitlines() or [f"status {result.returncode}"])[-1]
            raise InputError(f"What was exported cannot be read back: {reason.rstrip('.')}. Nothing was changed.")
        return [np.load(f"{folder}/{number}.npy") for number in range(len(paths))], json.loads(result.stdout)


def _compare(
    kind: Format, path: pathlib.Path, received: np.ndarray, latency: float, labels: np.ndarray, expected: np.ndarray
) -> Parity:
    classes = received.argmax(axis=1)
    agreeing = int((classes == expected.argmax(axis=1)).sum())
    difference = float(np.abs(received - expected).max())
    # Written so that NaN fails too.
    if not (difference <= kind.largest_difference and agreeing >= kind.agreeing * len(labels)):
        raise InputError(
            f"The exported file {path.name} does not answer like the model: {agreeing} of {len(labels)} classes "
            f"agree, expected at least {kind.agreeing:.0%}; probabilities differ by {difference:.2g}, expected at "
            f"most {kind.largest_difference:g}. Nothing was changed."
        )
    files = [path] if path.is_file() else [file for file in path.rglob("*") if file.is_file()]
    size = sum(file.stat().st_size for file in files)
    return Parity(len(labels), agreeing, difference, int((classes == labels).sum()), size, round(latency, 1))


_TIMED = 100


def main(images_file: str, answers: str, *files: str) -> None:
    """See the module's docstring."""
    images = np.load(images_file)
    latencies = []
    for number, file in enumerate(files):
        predictor = load_predictor(file, trusted=True)
        np.save(pathlib.Path(answers) / f"{number}.npy", predictor.predict(images))
        latencies.append(_latency(predictor, images))
    print(json.dumps(latencies))


def _latency(predictor: Predictor, images: Sequence[np.ndarray]) -> float:
    seconds = []
    for index in range(_TIMED):
        image = images[index % len(images)][np.newaxis]
        began = time.perf_counter()
        predictor.predict(image)
        seconds.append(time.perf_counter() - began)
    return 1e6 * statistics.median(seconds)


if __name__ == "__main__":
    try:
        main(*sys.argv[1:])
    except InputError as error:
        sys.exit(str(error))
