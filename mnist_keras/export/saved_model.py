"""Writes a trained model as a SavedModel with signatures for digits and for images of any size."""

import pathlib
from collections.abc import Mapping

import keras
import tensorflow as tf

from mnist_keras.export.signatures import Signature, batch_signatures

# Maximum bytes of one file of weights, small enough for repositories and mail.
_MAX_SHARD_BYTES = 1_900_000


def write_saved_model(model: keras.Model, folder: pathlib.Path) -> None:
    """Writes a SavedModel with `batch_signatures`. It needs neither Keras nor this package, only TensorFlow.

    Args:
        model: from `build_model`, trained.
        folder: missing or empty.

    Raises:
        tf.errors.OpError: the files cannot be written.
    """
    write_signatures(model, batch_signatures(model), folder)


def write_signatures(model: keras.Model, signatures: Mapping[str, Signature], folder: pathlib.Path) -> None:
    """Writes functions of a model as the signatures of a SavedModel.

    Weights of more than 1.9 MB are split over several files.

    Args:
        model: the model whose weights the functions use.
        signatures: functions and their input specs by signature name.
        folder: missing or empty.
    """
    # Not with keras.export.ExportArchive: Keras 3.15 writes every weight twice.
    module = tf.Module()
    module.weights = [weight.value for weight in model.weights]
    module.functions = {
        name: tf.function(function, input_signature=specs, autograph=False)
        for name, (function, specs) in signatures.items()
    }
    shards = tf.train.experimental.MaxShardSizePolicy(_MAX_SHARD_BYTES)
    options = tf.saved_model.SaveOptions(experimental_sharding_callback=shards)
    tf.saved_model.save(module, str(folder), signatures=dict(module.functions), options=options)
