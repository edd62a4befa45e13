"""Predicts with a SavedModel in plain TensorFlow."""

import pathlib
import re
from typing import Any

import numpy as np
import tensorflow as tf

from mnist_keras.errors import InputError
from mnist_keras.inference.class_names import is_number_of_classes
from mnist_keras.inference.input_range import LoadedModel
from mnist_keras.inference.sharing import refuse_tensorflow_after_fork

_BATCH = 1000


def load_saved_model(path: pathlib.Path) -> LoadedModel:
    """Loads the signature `serving_default`: uint8 (None, 28, 28) -> "probabilities".

    Raises:
        InputError: the folder is damaged, or has another signature.
    """
    refuse_tensorflow_after_fork()
    try:
        loaded = tf.saved_model.load(str(path))
    except Exception as error:  # TensorFlow raises OSError, OpError, ValueError, by what is damaged.
        reason = str(error).strip().splitlines()[0]
        raise InputError(f"{path} cannot be loaded as a SavedModel: {reason}") from error
    signature: Any = getattr(loaded, "signatures", {}).get("serving_default")
    inputs = list(signature.structured_input_signature[1].values()) if signature else []
    fits = len(inputs) == 1 and inputs[0].dtype == tf.uint8 and inputs[0].shape.is_compatible_with((None, 28, 28))
    classes = _number_of_classes(signature) if fits else None
    if not is_number_of_classes(classes):
        raise InputError(
            f"{path} is no digit model: its signature serving_default must map uint8 (None, 28, 28) to an "
            f"output called probabilities, float32 (None, classes), 2 to 1,000 classes. Received: "
            f"{signature or 'no such signature'}."
        )

    def predict(images: np.ndarray, _: int) -> np.ndarray:
        refuse_tensorflow_after_fork()
        batches = [images[start : start + _BATCH] for start in range(0, len(images), _BATCH)]
        try:
            answers = [signature(**{inputs[0].name: tf.constant(batch)})["probabilities"] for batch in batches]
        except tf.errors.OpError as error:
            # TensorFlow puts names of graph nodes in front of the message.
            reason = re.sub(r"\{\{.*?\}\}", "", error.message.splitlines()[0]).strip()
            raise InputError(f"{path} cannot predict: {reason}") from error
        return tf.concat(answers, axis=0).numpy()

    # A signature's function needs the loaded object to stay alive.
    predict.loaded = loaded  # type: ignore[attr-defined]
    return LoadedModel(predict, None, classes=classes)


def _number_of_classes(signature: Any) -> int | None:
    probabilities = signature.structured_outputs.get("probabilities")
    return None if probabilities is None or probabilities.shape.rank != 2 else probabilities.shape[-1]
