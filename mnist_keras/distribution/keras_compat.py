"""The one place that reaches into Keras: `fit` and `evaluate` under several workers.

Keras' TensorFlow trainer breaks there in two places, seen with 3.15.1: it reduces each
step's figures along an axis that scalars do not have, and it builds the model from a
batch that is spread over replicas.
"""

import contextlib
from collections.abc import Iterator

import keras
import tensorflow as tf

from mnist_keras.distribution.strategy import has_workers
from mnist_keras.errors import InputError

_SEEN = "3.15."


@contextlib.contextmanager
def fit_on_workers(model: keras.Model, strategy: tf.distribute.Strategy) -> Iterator[None]:
    """While entered, the compiled model can be fitted and evaluated under a multi-worker strategy.

    Any other strategy is left as it is.

    Args:
        model: compiled in the strategy's scope, from pixels (batch, 28, 28, 1) to logits.

    Raises:
        InputError: this was not tried with the installed Keras.
    """
    if not has_workers(strategy):
        yield
        return
    if not keras.__version__.startswith(_SEEN):
        raise InputError(
            f"Several workers were tried with Keras {_SEEN}x alone, whose trainer is adapted to them. Received: "
            f"keras {keras.__version__}. Install keras=={_SEEN}*, or train with --strategy=mirrored."
        )
    from keras.src.backend.tensorflow import trainer as keras_trainer

    with strategy.scope():
        model._symbolic_build(data_batch=(tf.zeros((1, *model.input_shape[1:])), tf.zeros((1,), tf.int64)))
    reduce = keras_trainer.reduce_per_replica

    def reduce_scalars(values, strategy, reduction):
        if reduction not in ("auto", "mean"):
            return reduce(values, strategy, reduction)
        return keras.tree.map_structure(lambda value: strategy.reduce("MEAN", value, axis=None), values)

    keras_trainer.reduce_per_replica = reduce_scalars
    model._maybe_symbolic_build = lambda *_, **__: None
    try:
        yield
    finally:
        keras_trainer.reduce_per_replica = reduce
        del model._maybe_symbolic_build
