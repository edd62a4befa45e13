"""Loads `.keras` files in safe mode and predicts with a Keras model."""

import functools
import pathlib
import zipfile
from collections.abc import Callable, Iterator

import keras
import numpy as np
import tensorflow as tf

from mnist_keras.errors import InputError
from mnist_keras.inference.class_names import is_number_of_classes
from mnist_keras.inference.input_range import LoadedModel
from mnist_keras.inference.sharing import refuse_tensorflow_after_fork

_BATCH = 1000


def load_keras_model(path: pathlib.Path) -> keras.Model:
    """Loads a `.keras` file in safe mode, which refuses code in the file.

    Raises:
        InputError: the file is damaged, or its model has other inputs or outputs.
    """
    refuse_tensorflow_after_fork()
    # Keras reports a damaged archive as "file not found".
    if not zipfile.is_zipfile(path):
        raise InputError(f"{path} is no .keras file: it is damaged, truncated, or something else.")
    try:
        model = keras.saving.load_model(path, safe_mode=True)
    except Exception as error:  # Keras raises whatever the archive's content leads it into.
        reason = str(error).strip().splitlines()[0] if str(error).strip() else type(error).__name__
        raise InputError(f"{path} cannot be loaded as a Keras model: {reason}") from error
    if model.input_shape != (None, 28, 28, 1) or not _has_classes(model.output_shape):
        raise InputError(
            f"{path} is no digit model: it must map (None, 28, 28, 1) to (None, classes), 2 to 1,000 classes. "
            f"Received: {model.input_shape} to {model.output_shape}."
        )
    return model


def _has_classes(shape: object) -> bool:
    # A model with several outputs has a list of shapes.
    return isinstance(shape, tuple) and len(shape) == 2 and shape[0] is None and is_number_of_classes(shape[1])


def load_keras(path: pathlib.Path) -> LoadedModel:
    """Loads a `.keras` file as a function. A layer that scales pixels proves that the model takes 0 to 255.

    Raises:
        InputError: see `load_keras_model`.
    """
    model = load_keras_model(path)
    scales = any(isinstance(layer, _SCALING_LAYERS) for layer in _layers(model))
    probabilities = keras_predict_function(model)

    def predict(images: np.ndarray, white: int) -> np.ndarray:
        return probabilities(images if white == 255 else images.astype(np.float32) / np.float32(255 / white))

    return LoadedModel(predict, 255 if scales else 1, scales, model.output_shape[1])


_SCALING_LAYERS = (keras.layers.Rescaling, keras.layers.Normalization)


def _layers(model: keras.Model) -> Iterator[keras.layers.Layer]:
    for layer in model.layers:
        yield layer
        if isinstance(layer, keras.Model):
            yield from _layers(layer)


def keras_predict_function(model: keras.Model) -> Callable[[np.ndarray], np.ndarray]:
    """Returns a function from images (examples, 28, 28) to probabilities, float32 (examples, classes).

    A softmax is applied if the output layer is called "logits", as in all models of this package. Threads can share
    the function, unlike `model.predict`.
    """
    returns_logits = getattr(model, "output_names", None) == ["logits"]

    @tf.function
    def probabilities(images: tf.Tensor) -> tf.Tensor:
        outputs = model(images, training=False)
        return tf.nn.softmax(outputs) if returns_logits else outputs

    @functools.cache
    def graph(dtype: tf.DType) -> Callable[[tf.Tensor], tf.Tensor]:
        return probabilities.get_concrete_function(tf.TensorSpec((None, 28, 28, 1), dtype))

    def predict(images: np.ndarray) -> np.ndarray:
        refuse_tensorflow_after_fork()
        batches = [images[start : start + _BATCH, ..., np.newaxis] for start in range(0, len(images), _BATCH)]
        outputs = [graph(tf.as_dtype(batch.dtype))(tf.constant(batch)) for batch in batches]
        return np.concatenate([output.numpy().astype(np.float32) for output in outputs])

    return predict
