"""Reads a TFLite file in a process of its own, before this one does.

LiteRT checks a file's structure, not what its operators do with it: of 100 damaged files, one takes the process
down. A file whose checksum its export's card confirms needs no trial.

    python -m mnist_keras.prediction.trial FILE
"""

import os
import pathlib
import signal
import subprocess
import sys

import numpy as np

from mnist_keras.errors import InputError
from mnist_keras.prediction.tflite import load_tflite

_SECONDS = 60


def try_elsewhere(path: pathlib.Path) -> None:
    """Loads a file and reads two digits, in another process.

    Raises:
        InputError: that process failed, crashed, or did not end in time.
    """
    root = str(pathlib.Path(__file__).parents[2])
    environment = os.environ | {"PYTHONPATH": os.pathsep.join([root, os.environ.get("PYTHONPATH", "")])}
    command = [sys.executable, "-m", __name__, str(path)]
    try:
        result = subprocess.run(command, env=environment, capture_output=True, text=True, timeout=_SECONDS, check=False)
    except subprocess.TimeoutExpired as error:
        raise InputError(f"{path} is a damaged TFLite file: it had not read two digits in {_SECONDS} s.") from error
    if result.returncode < 0:
        name = signal.Signals(-result.returncode).name
        raise InputError(f"{path} is a damaged TFLite file: it takes down the process that reads it ({name}).")
    if result.returncode:
        raise InputError((result.stderr.strip().splitlines() or [f"{path} cannot be read."])[-1])


if __name__ == "__main__":
    try:
        load_tflite(pathlib.Path(sys.argv[1]))(np.array([np.zeros((28, 28)), 255 * np.eye(28)], np.uint8))
    except InputError as error:
        sys.exit(str(error).replace("\n", " "))
