"""Loads a model file of any format as a function. Must not import TensorFlow, except for formats that need it.

`python -m mnist_keras.inference.loading FILE` loads a file and predicts two digits, to see whether it can be trusted.
"""

import pathlib
import signal
import subprocess
import sys

import numpy as np

from mnist_keras.distribution.keras_config import check_keras_config
from mnist_keras.distribution.subprocesses import run_module
from mnist_keras.errors import InputError
from mnist_keras.inference.input_range import LoadedModel

# Keras 2 wrote its models to such files.
HDF5_SUFFIXES = (".h5", ".hdf5")
# Maximum time of the check in a subprocess.
_SECONDS = 60


def load_model(path: pathlib.Path) -> LoadedModel:
    """Loads a `.keras`, `.h5`, `.tflite` or `.onnx` file, a C source of the format `c_array`, or a SavedModel.

    Raises:
        InputError: the file is damaged, is no model of digits, or has another format.
    """
    # Each format is imported where it is needed: some need TensorFlow, others a package of their own.
    if path.suffix in (".keras", *HDF5_SUFFIXES):
        check_keras_config()
        from mnist_keras.inference.keras_model import load_keras

        return load_keras(path)
    if path.suffix in (".tflite", ".c"):
        from mnist_keras.inference.tflite import load_tflite

        return load_tflite(path)
    if path.suffix == ".onnx":
        from mnist_keras.inference.onnx import load_onnx

        return load_onnx(path)
    if (path / "saved_model.pb").is_file():
        from mnist_keras.inference.saved_model import load_saved_model

        return load_saved_model(path)
    raise InputError(
        f"{path} is no model. Expected: a .keras, .tflite or .onnx file, an .h5 file, a SavedModel (a folder "
        "with saved_model.pb), a run's folder or an export's folder."
    )


def check_in_subprocess(path: pathlib.Path) -> None:
    """Loads a TFLite file, an HDF5 file or a SavedModel and predicts two digits in a subprocess.

    LiteRT checks the structure of a file but not the arguments of its operators: one of 100 damaged files crashes the
    process. TensorFlow runs whatever operations a SavedModel holds. A file whose checksum is confirmed by its card
    needs no check.

    Raises:
        InputError: the subprocess failed, crashed, or did not end in time.
    """
    kind = "SavedModel" if path.is_dir() else "HDF5 file" if path.suffix in HDF5_SUFFIXES else "TFLite file"
    try:
        result = run_module(__name__, path, timeout=_SECONDS)
    except subprocess.TimeoutExpired as error:
        raise InputError(f"{path} is a damaged {kind}: it had not predicted two digits in {_SECONDS} s.") from error
    if result.returncode < 0:
        name = signal.Signals(-result.returncode).name
        raise InputError(f"{path} is a damaged {kind}: it takes down the process that loads it ({name}).")
    if result.returncode:
        raise InputError((result.stderr.strip().splitlines() or [f"{path} cannot be loaded."])[-1])


if __name__ == "__main__":
    try:
        digits = np.array([np.zeros((28, 28)), 255 * np.eye(28)], np.uint8)
        load_model(pathlib.Path(sys.argv[1])).predict(digits, 1)
    except InputError as error:
        sys.exit(str(error).replace("\n", " "))
