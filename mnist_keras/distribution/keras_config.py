"""Checks the configuration of Keras before Keras is imported. Must not import Keras or TensorFlow."""

import os
import pathlib
import sys

from mnist_keras.errors import InputError
from mnist_keras.files import read_json


def check_keras_config() -> None:
    """Raises InputError unless Keras is configured for TensorFlow and for images with channels last.

    Keras reads the variable KERAS_BACKEND and keras.json in KERAS_HOME, otherwise in ~/.keras.
    """
    if "keras" in sys.modules:
        config = sys.modules["keras"].config
        backend, layout, origin = config.backend(), config.image_data_format(), "the imported Keras"
    else:
        path = pathlib.Path(
            os.environ.get("KERAS_HOME") or os.path.join(os.path.expanduser("~"), ".keras"), "keras.json"
        )
        try:
            content = read_json(path)
        except (OSError, ValueError):
            content = {}
        content = content if isinstance(content, dict) else {}
        backend, layout, origin = content.get("backend"), content.get("image_data_format"), str(path)
        if os.environ.get("KERAS_BACKEND"):
            backend = os.environ["KERAS_BACKEND"]
            origin = f"KERAS_BACKEND or {path}"
    if backend not in (None, "tensorflow"):
        raise InputError(
            f"Keras is configured for another backend. Expected: tensorflow. Received: {backend!r}, from {origin}. "
            "Set the variable KERAS_BACKEND=tensorflow."
        )
    if layout not in (None, "channels_last"):
        raise InputError(
            f"Keras is configured for another order of axes. Expected: image_data_format channels_last. Received: "
            f"{layout!r}, from {origin}. Change it there."
        )
