"""A trained model as a SavedModel that takes raw digits."""

import pathlib

import keras
import tensorflow as tf


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

    archive = keras.export.ExportArchive()
    archive.track(model)
    images = tf.TensorSpec((None, 28, 28), tf.uint8, name="images")
    archive.add_endpoint("serving_default", serve, input_signature=[images])
    archive.write_out(str(folder), verbose=False)
