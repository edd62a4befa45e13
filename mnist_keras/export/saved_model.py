"""A trained model as a SavedModel that takes digits and whole pictures."""

import pathlib
from collections.abc import Mapping

import keras
import tensorflow as tf

from mnist_keras.export.signatures import Signature, batch_signatures

# Bytes in one file of weights: what repositories and mails take.
_LARGEST_FILE = 1_900_000


def write_saved_model(model: keras.Model, folder: pathlib.Path) -> None:
    """Writes a SavedModel with `batch_signatures`, which runs under plain TensorFlow, without Keras or this package.

    Args:
        model: from `build_model`, trained.
        folder: does not exist yet, or is empty.
    """
    write_signatures(model, batch_signatures(model), folder)


def write_signatures(model: keras.Model, signatures: Mapping[str, Signature], folder: pathlib.Path) -> None:
    """Writes functions of the model as the signatures of a SavedModel.

    By TensorFlow itself: Keras' ExportArchive (3.15) writes every weight twice. Weights of more than 1.9 MB go into
    several files.

    Args:
        model: whose weights the functions use.
        signatures: by name.
        folder: does not exist yet, or is empty.
    """
    module = tf.Module()
    module.weights = [weight.value for weight in model.weights]
    module.functions = {
        name: tf.function(function, input_signature=specs, autograph=False)
        for name, (function, specs) in signatures.items()
    }
    parts = tf.train.experimental.MaxShardSizePolicy(_LARGEST_FILE)
    options = tf.saved_model.SaveOptions(experimental_sharding_callback=parts)
    tf.saved_model.save(module, str(folder), signatures=dict(module.functions), options=options)
