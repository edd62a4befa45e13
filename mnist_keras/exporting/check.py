"""Reads exported files back in a process of its own, as an app would for the first time.

    python -m mnist_keras.exporting.check IMAGES.npy ANSWERS_FOLDER FILE...

writes the probabilities of each file as FOLDER/0.npy, 1.npy, ... and prints a JSON list:
median microseconds for one digit.
"""

import json
import pathlib
import statistics
import sys
import time
from collections.abc import Sequence

import numpy as np

from mnist_keras.errors import InputError
from mnist_keras.prediction import Predictor, load_predictor

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
