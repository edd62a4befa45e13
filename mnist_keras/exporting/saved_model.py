"""A trained model as a SavedModel that takes digits and whole pictures."""

import pathlib
from collections.abc import Callable, Mapping

import keras
import tensorflow as tf

from mnist_keras.normalizer import SIDE, normalize_each

SIGNATURE = "serving_default"

Signature = tuple[Callable, tf.TensorSpec]


def write_saved_model(model: keras.Model, folder: pathlib.Path) -> None:
    """Writes a SavedModel that runs under plain TensorFlow, without Keras or this package.

    Its signatures all give `probabilities`, float32 (None, 10), and `classes`, int64 (None,):

    - `serving_default`: `images`, uint8 (None, 28, 28), white ink on black, as MNIST's;
    - `serve_float`: `pixels`, float32 (None, 28, 28, 1), the same in 0..1;
    - `any_size`: `pictures`, uint8 (None, height, width, channels), 1 to 4 channels, either polarity;
    - `encoded`: `files`, strings (None,), the bytes of PNG, JPEG, GIF, BMP or WebP files.

    The last two bring each picture to MNIST's geometry first, and also give `digits`, uint8 (None, 28, 28), what
    the network saw, and `has_ink`, bool (None,). A picture without ink has the class -1 and even probabilities.

    Args:
        model: from `build_model`, trained.
        folder: does not exist yet, or is empty.
    """

    def classify(pixels, **others):
        # Convolutions fail on an empty batch.
        probabilities = tf.cond(
            tf.shape(pixels)[0] > 0,
            lambda: tf.nn.softmax(model(pixels[..., tf.newaxis], training=False)),
            lambda: tf.zeros((0, 10)),
        )
        classes = tf.argmax(probabilities, axis=1)
        if "has_ink" in others:
            classes = tf.where(others["has_ink"], classes, -1)
            probabilities = tf.where(others["has_ink"][:, tf.newaxis], probabilities, 0.1)
        return {"probabilities": probabilities, "classes": classes, **others}

    def classify_pictures(pictures, decode):
        digits, has_ink = normalize_each(pictures, decode)
        return classify(digits, has_ink=has_ink, digits=tf.cast(digits, tf.uint8))

    def decode_file(content):
        return tf.io.decode_image(content, expand_animations=False)

    signatures = {
        SIGNATURE: (
            lambda images: classify(tf.cast(images, tf.float32)),
            tf.TensorSpec((None, SIDE, SIDE), tf.uint8, name="images"),
        ),
        "serve_float": (
            lambda pixels: classify(tf.squeeze(pixels, axis=3) * 255.0),
            tf.TensorSpec((None, SIDE, SIDE, 1), tf.float32, name="pixels"),
        ),
        "any_size": (
            lambda pictures: classify_pictures(pictures, tf.identity),
            tf.TensorSpec((None, None, None, None), tf.uint8, name="pictures"),
        ),
        "encoded": (
            lambda files: classify_pictures(files, decode_file),
            tf.TensorSpec((None,), tf.string, name="files"),
        ),
    }
    write_signatures(model, signatures, folder)


def write_signatures(model: keras.Model, signatures: Mapping[str, Signature], folder: pathlib.Path) -> None:
    """Writes functions of the model as the signatures of a SavedModel.

    By TensorFlow itself: Keras' ExportArchive (3.15) writes every weight twice.

    Args:
        model: whose weights the functions use.
        signatures: by name a function, from a tensor to a dict of tensors whose keys become the outputs' names, and
            shape, dtype and name of its input.
        folder: does not exist yet, or is empty.
    """
    module = tf.Module()
    module.weights = [weight.value for weight in model.weights]
    module.functions = {
        name: tf.function(function, input_signature=[spec]) for name, (function, spec) in signatures.items()
    }
    tf.saved_model.save(module, str(folder), signatures=dict(module.functions))
