"""Writes a trained model as a SavedModel with signatures for digits and for images of any size."""

import pathlib
from collections.abc import Mapping, Sequence

import keras
import tensorflow as tf

from mnist_keras.data.digits import DIGIT_NAMES, is_of_digits
from mnist_keras.export.number_signatures import batch_numbers
from mnist_keras.export.signatures import Signature, batch_probabilities, batch_signatures
from mnist_keras.inference.preprocessing.rejector import preprocessing_variables

# Maximum bytes of one file of several weights, small enough for repositories and mail.
_MAX_SHARD_BYTES = 1_900_000


class _WholeTensors(tf.train.experimental.ShardingCallback):
    """Spreads weights over several files without cutting a tensor, which OpenVINO could not read."""

    @property
    def description(self) -> str:
        return f"Whole tensors, up to {_MAX_SHARD_BYTES} bytes a file."

    def __call__(self, shardable_tensors):
        shards, size = [{}], 0
        for shardable in shardable_tensors:
            tensor = shardable.tensor
            # A string has no fixed size; the only one is the short object graph.
            tensor_bytes = 0 if tensor.dtype == tf.string else tensor.dtype.size * shardable.shape.num_elements()
            if size and size + tensor_bytes > _MAX_SHARD_BYTES:
                shards.append({})
                size = 0
            size += tensor_bytes
            shards[-1].setdefault(shardable.checkpoint_key, {})[shardable.slice_spec] = tensor
        return shards


def write_saved_model(model: keras.Model, folder: pathlib.Path, class_names: Sequence[str] = DIGIT_NAMES) -> None:
    """Writes a SavedModel with `batch_signatures` and `batch_numbers`. It needs only TensorFlow.

    Args:
        model: from `build_model`, trained.
        folder: missing or empty.
        class_names: if they are not the ten digits, `batch_numbers` is left out.

    Raises:
        tf.errors.OpError: the files cannot be written.
    """
    probabilities_of = batch_probabilities(model)
    signatures = batch_signatures(probabilities_of, model.output_shape[-1])
    if is_of_digits(class_names):
        signatures["numbers"] = batch_numbers(probabilities_of)
    write_signatures(model, signatures, folder)


def write_signatures(model: keras.Model, signatures: Mapping[str, Signature], folder: pathlib.Path) -> None:
    """Writes functions of a model as the signatures of a SavedModel.

    Weights of more than 1.9 MB are spread over several files; a single weight stays whole.

    Args:
        model: the model whose weights the functions use.
        signatures: functions and their input specs by signature name.
        folder: missing or empty.
    """
    # Not with keras.export.ExportArchive: Keras 3.15 writes every weight twice.
    module = tf.Module()
    module.weights = [weight.value for weight in model.weights]
    module.preprocessing = preprocessing_variables()
    module.functions = {
        name: tf.function(function, input_signature=specs, autograph=False)
        for name, (function, specs) in signatures.items()
    }
    options = tf.saved_model.SaveOptions(experimental_sharding_callback=_WholeTensors())
    tf.saved_model.save(module, str(folder), signatures=dict(module.functions), options=options)
