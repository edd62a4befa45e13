"""A shipped model as a Keras model."""

import pathlib

import keras
import tensorflow as tf

from mnist_keras.errors import InputError
from mnist_keras.files import FORMAT_FILES, MODEL_FILE
from mnist_keras.inference.keras_model import load_keras_model
from mnist_keras.inference.predictor import find_shipped
from mnist_keras.models.builder import build_model


def load_model(name: str = "cnn_robust") -> keras.Model:
    """Loads a shipped model as a Keras model: to fine-tune it, to take a part of it, or to look into it.

    It maps pixels in 0..255, white ink on black, of shape `(examples, 28, 28, 1)`, to logits of shape
    `(examples, classes)`. It is not compiled.

    Args:
        name: one of `list_models`.

    Raises:
        InputError: no model of that name is in exported/, or its export has no Keras model.
    """
    folder = find_shipped(name).parent
    file = folder / MODEL_FILE
    if file.exists():
        return load_keras_model(file)
    try:
        return _rebuild(name, folder / FORMAT_FILES["saved_model"])
    except (InputError, OSError, ValueError) as error:
        raise InputError(
            f"The export {folder} has no Keras model. Expected: the file {MODEL_FILE}. Export the run again with "
            "--formats=keras and the formats that it has."
        ) from error


def _rebuild(name: str, saved_model: pathlib.Path) -> keras.Model:
    """Returns the network of the recipe of that name with the weights of a SavedModel.

    The model `ensemble` ships without a `.keras` file, which would be too large for a repository.
    """
    loaded = tf.saved_model.load(str(saved_model))
    classes = loaded.signatures["serving_default"].structured_outputs["probabilities"].shape[-1]
    model = build_model(name, classes=classes)
    weights = [weight.numpy() for weight in loaded.weights]
    model.set_weights(weights)
    return model
