"""Loads `.keras` files in safe mode and predicts with a Keras model."""

import pathlib
import zipfile
from collections.abc import Callable

import keras
import numpy as np

from mnist_keras.errors import InputError

_BATCH = 1000


def load_keras_model(path: pathlib.Path) -> keras.Model:
    """Loads a `.keras` file in safe mode, which refuses code in the file.

    Raises:
        InputError: the file is damaged, or its model has other inputs or outputs.
    """
    # Keras reports a damaged archive as "file not found".
    if not zipfile.is_zipfile(path):
        raise InputError(f"{path} is no .keras file: it is damaged, truncated, or something else.")
    try:
        model = keras.saving.load_model(path, safe_mode=True)
    except Exception as error:  # Keras raises whatever the archive's content leads it into.
        reason = str(error).strip().splitlines()[0] if str(error).strip() else type(error).__name__
        raise InputError(f"{path} cannot be loaded as a Keras model: {reason}") from error
    if model.input_shape != (None, 28, 28, 1) or model.output_shape != (None, 10):
        raise InputError(
            f"{path} is no digit model: it must map (None, 28, 28, 1) to (None, 10). "
            f"Received: {model.input_shape} to {model.output_shape}."
        )
    return model


def keras_predict_function(model: keras.Model) -> Callable[[np.ndarray], np.ndarray]:
    """Returns a function from uint8 images (examples, 28, 28) to probabilities, float32 (examples, 10).

    A softmax is applied if the output layer is called "logits", as in all models of this package.
    """

    def predict(images: np.ndarray) -> np.ndarray:
        outputs = model.predict(images[..., np.newaxis], batch_size=_BATCH, verbose=0)
        if getattr(model, "output_names", None) == ["logits"]:
            outputs = keras.ops.softmax(outputs)
        return keras.ops.convert_to_numpy(outputs)

    return predict
