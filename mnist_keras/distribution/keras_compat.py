"""The only file that uses Keras' private names, each after a check that it exists and behaves as expected.

`patched_for_multi_worker` lets `fit` and `evaluate` run under several workers, `skip_executions` lets `fit` resume
inside an epoch, `variable_index` finds the slots of an optimizer's variable. The checks test behavior, not a version.
"""

import contextlib
import inspect
from collections.abc import Iterator
from typing import Any

import keras
import tensorflow as tf

from mnist_keras.distribution.strategy import is_multi_worker
from mnist_keras.errors import InputError


@contextlib.contextmanager
def patched_for_multi_worker(model: keras.Model, strategy: tf.distribute.Strategy) -> Iterator[None]:
    """Patches Keras' TensorFlow trainer while entered, so that it can fit and evaluate under several workers.

    Keras does not support MultiWorkerMirroredStrategy (https://github.com/keras-team/keras/issues/20585). Its trainer
    fails in two places: it reduces each step's metrics along an axis that scalars do not have, and it builds the model
    from a batch that is distributed over replicas. Any other strategy is left as it is.

    Args:
        model: compiled in the strategy's scope, from pixels (batch, 28, 28, 1) to logits.
        strategy: the strategy of the model.

    Raises:
        InputError: the installed Keras has no such hook, or the hook behaves in another way.
    """
    if not is_multi_worker(strategy):
        yield
        return
    trainer = _trainer_module()
    reduce = _hook(trainer, "reduce_per_replica")
    if list(inspect.signature(reduce).parameters) != ["values", "strategy", "reduction"]:
        raise _missing("reduce_per_replica(values, strategy, reduction)")
    _hook(model, "_maybe_symbolic_build")
    with strategy.scope():
        batch = (tf.zeros((1, *model.input_shape[1:])), tf.zeros((1,), tf.int64))
        _hook(model, "_symbolic_build")(data_batch=batch)
    if not model.metrics_variables:
        raise _missing("_symbolic_build that creates the metrics' variables")

    def reduce_scalars(values, strategy, reduction):
        if reduction not in ("auto", "mean"):
            return reduce(values, strategy, reduction)
        return keras.tree.map_structure(lambda value: strategy.reduce("MEAN", value, axis=None), values)

    trainer.reduce_per_replica = reduce_scalars
    model._maybe_symbolic_build = lambda *_, **__: None
    try:
        yield
    finally:
        trainer.reduce_per_replica = reduce
        del model._maybe_symbolic_build


def skip_executions(model: keras.Model, executions: int) -> None:
    """Makes the first `executions` calls of the model's compiled train function do nothing.

    `BackupAndRestore` repeats an epoch from its first batch (https://github.com/keras-team/keras/issues/16252), so a
    run resumes inside an epoch by skipping the steps that are done. A skipped call reads no batch: the dataset must
    start with the first step that runs.

    Args:
        model: compiled. `fit` calls its train function once per `steps_per_execution` steps.
        executions: number of calls to skip.

    Raises:
        InputError: `fit` of the installed Keras would replace the train function.
    """
    _hook(model, "make_train_function")()
    train, left = _hook(model, "train_function"), iter(range(executions))
    model.train_function = skipping = lambda iterator: train(iterator) if next(left, None) is None else {}
    model.make_train_function()
    if model.train_function is not skipping:
        raise _missing("make_train_function that keeps a train function")


def variable_index(optimizer: keras.optimizers.Optimizer, variable: Any) -> int:
    """Index of a trainable variable in the optimizer's lists of slots, such as `momentums`.

    Keras has no public way (https://github.com/keras-team/keras/blob/master/keras/src/optimizers/base_optimizer.py).

    Raises:
        InputError: the installed Keras has no such hook.
    """
    return _hook(optimizer, "_get_variable_index")(variable)


def _trainer_module() -> Any:
    try:
        from keras.src.backend.tensorflow import trainer
    except ImportError as error:
        raise _missing("keras.src.backend.tensorflow.trainer") from error
    return trainer


def _hook(owner: Any, name: str) -> Any:
    value = getattr(owner, name, None)
    if not callable(value):
        raise _missing(name)
    return value


def _missing(hook: str) -> InputError:
    return InputError(
        f"This version of Keras lacks a hook that training here needs. Expected: {hook}. Received: keras "
        f"{keras.__version__}. Install a version that was tested: 3.12.0 or 3.15.1."
    )
