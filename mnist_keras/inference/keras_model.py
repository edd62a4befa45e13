"""Loads `.keras` and HDF5 files in safe mode and predicts with a Keras model."""

import functools
import pathlib
import warnings
import zipfile
from collections.abc import Callable, Iterator
from typing import Any

import keras
import numpy as np
import tensorflow as tf

from mnist_keras.errors import InputError
from mnist_keras.inference.class_names import is_number_of_classes
from mnist_keras.inference.input_form import EXPECTED, InputForm, match_classes, match_input
from mnist_keras.inference.input_range import LoadedModel
from mnist_keras.inference.output_kind import OutputKind
from mnist_keras.inference.sharing import refuse_tensorflow_after_fork

_BATCH = 1000


def load_keras_model(path: pathlib.Path) -> keras.Model:
    """Loads a `.keras` file of this package in safe mode, which refuses code in the file.

    Raises:
        InputError: the file is damaged, or its model has other inputs or outputs.
    """
    model = read_keras_file(path, compile=True)
    if model.input_shape != (None, 28, 28, 1) or not _has_classes(model.output_shape):
        raise InputError(
            f"{path} is no digit model: it must map (None, 28, 28, 1) to (None, classes), 2 to 1,000 classes. "
            f"Received: {model.input_shape} to {model.output_shape}."
        )
    return model


def _has_classes(shape: object) -> bool:
    # A model with several outputs has a list of shapes.
    return isinstance(shape, tuple) and len(shape) == 2 and shape[0] is None and is_number_of_classes(shape[1])


def read_keras_file(path: pathlib.Path, compile: bool = False) -> keras.Model:
    """Loads a `.keras` or HDF5 file of any author in safe mode, which refuses code in the file.

    Args:
        path: the file.
        compile: restore the optimizer and the loss, which may be of the author's own.

    Raises:
        InputError: the file is damaged, or needs layers of its author's.
    """
    refuse_tensorflow_after_fork()
    # Keras reports a damaged archive as "file not found".
    if path.suffix == ".keras" and not zipfile.is_zipfile(path):
        raise InputError(f"{path} is no .keras file: it is damaged, truncated, or something else.")
    try:
        with warnings.catch_warnings():
            # Keras advises the author of a Keras 2 model.
            warnings.simplefilter("ignore", UserWarning)
            return keras.saving.load_model(path, compile=compile, safe_mode=True)
    except Exception as error:  # Keras raises whatever the archive's content leads it into.
        # Keras puts the config of the whole model in front of the reason, and advice for its own callers behind it.
        text = str(error).rpartition("Exception encountered: ")[2].strip()
        reason = (text.splitlines() or [type(error).__name__])[0].partition(". ")[0].rstrip(".")
        raise InputError(
            f"{path} cannot be loaded as a Keras model: {reason}. Expected: a whole model of Keras' own layers, "
            "without lambda layers and custom classes. Export it as a SavedModel, by model.export, where it is loaded."
        ) from error


def load_keras(path: pathlib.Path) -> LoadedModel:
    """Loads a `.keras` or HDF5 file as a function. A layer that scales pixels proves that the model takes 0 to 255.

    Raises:
        InputError: the file is damaged or needs layers of its author's; or its input or output does not fit, see
            `input_form.EXPECTED`.
    """
    return as_function(path, read_keras_file(path))


def as_function(path: pathlib.Path, model: keras.Model) -> LoadedModel:
    """Returns a model from `read_keras_file` as `load_keras` does."""
    form, classes = check_ends(path, model)
    scales = any(isinstance(layer, _SCALING_LAYERS) for layer in _layers(model))
    specs = [tf.TensorSpec((form.batch, *form.shape), form.dtype)]

    @tf.function(input_signature=specs, autograph=False)
    def outputs(images: tf.Tensor) -> tf.Tensor:
        return tf.cast(call_network(model, images, training=False), tf.float32)

    answer = outputs.get_concrete_function()

    def predict(images: np.ndarray, white: int) -> np.ndarray:
        refuse_tensorflow_after_fork()
        return form.predict(lambda batch: answer(tf.constant(batch)).numpy(), images, white)

    usual = None if form.takes_bytes else 255 if scales else 1
    return LoadedModel(predict, usual, scales, classes, form.shape, proven_output_kind(model))


def call_network(model: keras.Model, images: Any, training: bool | None = None) -> Any:
    """Returns the only output of a model for its only input, which a functional model may take in a list or a dict."""
    inputs = images if isinstance(model, keras.Sequential) else keras.tree.pack_sequence_as(model.input, [images])
    return keras.tree.flatten(model(inputs, training=training))[0]


def check_ends(path: pathlib.Path, model: keras.Model) -> tuple[InputForm, int]:
    """Returns the form of a model's input and its number of classes.

    Raises:
        InputError: its input or output does not fit, see `input_form.EXPECTED`.
    """
    # A Sequential model that was never called has neither.
    sides = (getattr(model, "inputs", None), getattr(model, "outputs", None))
    ends = [[(tuple(end.shape), str(end.dtype)) for end in side or ()] for side in sides]
    form = match_input(*ends[0][0]) if len(ends[0]) == 1 else None
    classes = match_classes(ends[1][0][0]) if len(ends[1]) == 1 else None
    if form is None or classes is None:
        received = (", ".join(f"{dtype} {shape}" for shape, dtype in side) or "unknown" for side in ends)
        raise InputError(f"{path} is no digit model. Expected: {EXPECTED}. Received: {' to '.join(received)}.")
    return form, classes


def proven_output_kind(model: keras.Model) -> OutputKind | None:
    """Returns the kind of outputs that a model's last layer proves, by its name or its activation."""
    if getattr(model, "output_names", None) == ["logits"]:
        return OutputKind.LOGITS
    layer = last_layer(model)
    if isinstance(layer, keras.layers.Softmax):
        return OutputKind.PROBABILITIES
    activations = {
        keras.activations.softmax: OutputKind.PROBABILITIES,
        keras.activations.sigmoid: OutputKind.SIGMOIDS,
    }
    return activations.get(getattr(layer, "activation", None))


def last_layer(model: keras.Model) -> keras.layers.Layer:
    """Returns the layer that makes the only output of a model, also that of a model inside it."""
    layer = model.layers[-1]
    return last_layer(layer) if isinstance(layer, keras.Model) and layer.layers else layer


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
