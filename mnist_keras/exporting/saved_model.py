"""A trained model as a SavedModel that takes raw digits."""

import pathlib
from collections.abc import Callable

import keras
import tensorflow as tf

SIGNATURE = "serving_default"


def write_saved_model(model: keras.Model, folder: pathlib.Path) -> None:
    """Writes a SavedModel that runs under plain TensorFlow, without Keras or this package.

    Its signature `serving_default` maps `images`, uint8 (None, 28, 28), white ink on black, to
    `probabilities`, float32 (None, 10), and `classes`, int64 (None,).

    Args:
        model: from `build_model`, trained.
        folder: does not exist yet, or is empty.
    """

    def serve(images):
        pixels = tf.cast(images[..., tf.newaxis], tf.float32)
        probabilities = tf.nn.softmax(model(pixels, training=False))
        return {"probabilities": probabilities, "classes": tf.argmax(probabilities, axis=1)}

    write_signature(model, serve, tf.TensorSpec((None, 28, 28), tf.uint8, name="images"), folder)


def write_signature(model: keras.Model, serve: Callable, spec: tf.TensorSpec, folder: pathlib.Path) -> None:
    """Writes one function of the model as a SavedModel's `serving_default`.

    By TensorFlow itself: Keras' ExportArchive (3.15) writes every weight twice.

    Args:
        model: whose weights `serve` uses.
        serve: a tensor of `spec` -> a dict of tensors, whose keys become the outputs' names.
        spec: shape, dtype and name of the input.
        folder: does not exist yet, or is empty.
    """
    module = tf.Module()
    module.weights = [weight.value for weight in model.weights]
    module.serve = tf.function(serve, input_signature=[spec])
    tf.saved_model.save(module, str(folder), signatures={SIGNATURE: module.serve})
