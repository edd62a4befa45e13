"""Predicts with a SavedModel in plain TensorFlow."""

import pathlib
import re
from typing import Any

import numpy as np
import tensorflow as tf

from mnist_keras.errors import InputError
from mnist_keras.inference.input_form import EXPECTED, InputForm, match_classes, match_input
from mnist_keras.inference.input_range import LoadedModel
from mnist_keras.inference.sharing import refuse_tensorflow_after_fork

# The names that Keras and Keras 2 give to what a model predicts.
_SIGNATURES = ("serving_default", "serve")


def load_saved_model(path: pathlib.Path) -> LoadedModel:
    """Loads the signature `serving_default`, or `serve`: uint8 (None, 28, 28) -> "probabilities".

    Or another author's, see `input_form.EXPECTED`, with inputs and outputs of any name.

    Raises:
        InputError: the folder is damaged, or has another signature.
    """
    refuse_tensorflow_after_fork()
    try:
        loaded = tf.saved_model.load(str(path))
    except Exception as error:  # TensorFlow raises OSError, OpError, ValueError, by what is damaged.
        reason = (str(error).strip().splitlines() or [type(error).__name__])[0]
        raise InputError(f"{path} cannot be loaded as a SavedModel: {reason}") from error
    signatures = getattr(loaded, "signatures", {})
    signature: Any = next((signatures[name] for name in _SIGNATURES if name in signatures), None)
    if signature is None:
        raise InputError(
            f"{path} is no digit model: its signature serving_default must map {EXPECTED}. Received: no such signature."
        )
    name, form = _input_form(signature)
    output, classes = _output(signature)
    if form is None or classes is None:
        ends = (signature.structured_input_signature[1], signature.structured_outputs)
        received = (", ".join(f"{name} {end.dtype.name} {end.shape}" for name, end in side.items()) for side in ends)
        raise InputError(
            f"{path} is no digit model: its signature serving_default must map {EXPECTED}. Received: "
            f"{' to '.join(received)}."
        )

    def answer(batch: np.ndarray) -> np.ndarray:
        try:
            return signature(**{name: tf.constant(batch)})[output].numpy()
        except tf.errors.OpError as error:
            # TensorFlow puts names of graph nodes in front of the message.
            reason = re.sub(r"\{\{.*?\}\}", "", error.message.splitlines()[0]).strip()
            raise InputError(f"{path} cannot predict: {reason}") from error

    def predict(images: np.ndarray, white: int) -> np.ndarray:
        refuse_tensorflow_after_fork()
        return form.predict(answer, images, white)

    # A signature's function needs the loaded object to stay alive.
    predict.loaded = loaded  # type: ignore[attr-defined]
    white = None if form.takes_bytes else 1
    if (form.shape, form.dtype, output) == ((28, 28), "uint8", "probabilities"):
        # This package's own signature.
        return LoadedModel(predict, white, classes=classes)
    return LoadedModel(predict, white, classes=classes, input_shape=form.shape, output_kind=None)


def _input_form(signature: Any) -> tuple[str, InputForm | None]:
    inputs = signature.structured_input_signature[1]
    if len(inputs) != 1:
        return "", None
    ((name, spec),) = inputs.items()
    known = spec.shape.rank is not None
    return name, match_input(spec.shape.as_list(), spec.dtype.name) if known else None


def _output(signature: Any) -> tuple[str, int | None]:
    """Returns the name of the only output, or of that called probabilities, and its number of classes."""
    outputs = signature.structured_outputs
    name = "probabilities" if "probabilities" in outputs else next(iter(outputs)) if len(outputs) == 1 else ""
    if not name or outputs[name].shape.rank is None:
        return name, None
    return name, match_classes(outputs[name].shape.as_list())
