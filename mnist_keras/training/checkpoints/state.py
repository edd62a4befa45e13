"""Converts the training state to arrays and back: variables, metrics and attributes of callbacks.

Of a callback, plain attributes are kept (numbers, text, arrays, functions of `keras.ops`, and lists, tuples and dicts
of these) that changed since training began, except for the names in `transient`. That covers early stopping, plateau
schedules and best values: Keras chooses their `monitor_op` at the end of the first epoch, and flips the sign of
`min_delta` then.
"""

import copy
from collections.abc import Mapping, Sequence
from typing import Any

import keras
import numpy as np
import tensorflow as tf

from mnist_keras.distribution.strategy import as_graph_function
from mnist_keras.files import hash_arrays
from mnist_keras.training.checkpoints.storage import Arrays


class TrainingState:
    """Captures and restores the state of a compiled model and its callbacks.

    Args:
        model: compiled; model, optimizer and metrics are built.
        callbacks: the tracked callbacks, as they are before anything is restored.
        strategy: the strategy of the model.
    """

    def __init__(
        self, model: keras.Model, callbacks: Sequence[keras.callbacks.Callback], strategy: tf.distribute.Strategy
    ):
        self._model = model
        self._callbacks = callbacks
        self._strategy = strategy
        self._initial = [serializable_attributes(callback) for callback in callbacks]
        # Equal on all replicas.
        self._shared = [*model.trainable_variables, *model.optimizer.variables]
        # Batch norm statistics, seeds and metrics differ between replicas.
        metrics = model.metrics_variables
        metric_ids = set(map(id, metrics))
        self._per_replica = [variable for variable in model.non_trainable_variables if id(variable) not in metric_ids]
        self._number_without_metrics = len(self._per_replica)
        self._per_replica += metrics
        self._read = as_graph_function(strategy, self._read_replicas)

    def capture(self) -> tuple[Arrays, dict[str, Any]]:
        """Returns arrays, and metadata as JSON types. All workers must call it at the same step."""
        arrays = self._variables()
        callbacks = zip(self._callbacks, self._initial, strict=True)
        changes = [
            [type(callback).__name__, encode(changed_attributes(callback, first), arrays)]
            for callback, first in callbacks
        ]
        return arrays, {"callbacks": changes, "stop_training": self._model.stop_training}

    def restore(self, arrays: Arrays, metadata: dict[str, Any]) -> None:
        """Restores a captured state. Callbacks are matched by class and order."""
        for index, variable in enumerate(self._shared):
            variable.assign(arrays[f"shared/{index}"])
        own = [tf.constant(arrays[f"own/{index}"]) for index in range(len(self._per_replica))]
        as_graph_function(self._strategy, self._strategy.run)(self._assign_own, (own,))
        changes = list(metadata["callbacks"])
        for callback in self._callbacks:
            found = next((change for change in changes if change[0] == type(callback).__name__), None)
            if found:
                changes.remove(found)
                vars(callback).update(decode(found[1], arrays))

    def digest(self, history: Sequence[dict[str, Any]]) -> str:
        """Returns the SHA-256 of all weights, seeds, optimizer slots and the history without its times."""
        metrics = {f"own/{index}" for index in range(self._number_without_metrics, len(self._per_replica))}
        digest = hash_arrays(array for name, array in self._variables().items() if name not in metrics)
        for row in history:
            digest.update(repr([(name, value) for name, value in row.items() if name != "seconds"]).encode())
        return digest.hexdigest()

    def _variables(self) -> Arrays:
        """Returns all variables. Those that differ between replicas are stacked in the order of the replicas."""
        arrays = {f"shared/{i}": keras.ops.convert_to_numpy(variable) for i, variable in enumerate(self._shared)}
        numbers, *own = (values.numpy() for values in self._read())
        return arrays | {f"own/{i}": values[np.argsort(numbers)] for i, values in enumerate(own)}

    def _read_replicas(self) -> list[tf.Tensor]:
        def read():
            values = [_replica_number(), *(variable.value for variable in self._per_replica)]
            return [tf.convert_to_tensor(value)[tf.newaxis] for value in values]

        return [self._strategy.gather(values, axis=0) for values in self._strategy.run(read)]

    def _assign_own(self, values: Sequence[tf.Tensor]) -> None:
        for variable, value in zip(self._per_replica, values, strict=True):
            variable.assign(value[_replica_number()])


def make_variables(model: keras.Model) -> None:
    """Creates the variables of the optimizer and the metrics, which `fit` would create in the first step.

    Args:
        model: compiled. With several replicas the variables exist when training begins, and nothing happens.
    """
    if not model.optimizer.built:
        model.optimizer.build(model.trainable_variables)
        model.compute_metrics(None, np.zeros(1, np.int64), np.zeros((1, *model.output_shape[1:]), np.float32))
        model.reset_metrics()


def _replica_number() -> tf.Tensor:
    return tf.distribute.get_replica_context().replica_id_in_sync_group


_PLAIN = (bool, int, float, str, type(None), np.ndarray, np.generic)


def serializable_attributes(callback: keras.callbacks.Callback) -> dict[str, Any]:
    """Returns copies of a callback's attributes that can be serialized."""
    left_out = {"params", *getattr(callback, "transient", ())}
    attributes = {name: value for name, value in vars(callback).items() if name not in left_out}
    return {name: copy.deepcopy(value) for name, value in attributes.items() if _is_plain(value)}


def changed_attributes(callback: keras.callbacks.Callback, first: Mapping[str, Any]) -> dict[str, Any]:
    """Returns the serializable attributes that differ from `first`, an earlier result of `serializable_attributes`."""
    now = serializable_attributes(callback)
    return {name: value for name, value in now.items() if name not in first or not _same(value, first[name])}


def encode(value: Any, arrays: Arrays) -> Any:
    """Returns a serializable value as JSON types. Adds its arrays to `arrays` and refers to them by name."""
    if isinstance(value, dict):
        return {"dict": [[encode(key, arrays), encode(item, arrays)] for key, item in value.items()]}
    if isinstance(value, (list, tuple)):
        kind = "tuple" if isinstance(value, tuple) else "list"
        return {kind: [encode(item, arrays) for item in value]}
    if isinstance(value, (np.ndarray, np.generic)):
        name = f"callbacks/{len(arrays)}"
        arrays[name] = np.asarray(value)
        return {"array": name}
    return {"op": value.__name__} if callable(value) else value


def decode(value: Any, arrays: Arrays) -> Any:
    """Returns the value that `encode` was called with."""
    if not isinstance(value, dict):
        return value
    [(kind, content)] = value.items()
    if kind == "array":
        # `[()]` turns an array without axes into a scalar.
        return arrays[content][()]
    if kind == "op":
        return getattr(keras.ops, content)
    if kind == "dict":
        return {decode(key, arrays): decode(item, arrays) for key, item in content}
    return (tuple if kind == "tuple" else list)(decode(item, arrays) for item in content)


def _is_plain(value: Any) -> bool:
    if isinstance(value, dict):
        return all(map(_is_plain, [*value, *value.values()]))
    if isinstance(value, (list, tuple)):
        return all(map(_is_plain, value))
    return isinstance(value, _PLAIN) or (callable(value) and getattr(keras.ops, _name(value), None) is value)


def _name(value: Any) -> str:
    return getattr(value, "__name__", "")


def _same(one: Any, other: Any) -> bool:
    try:
        np.testing.assert_equal(one, other)
    except AssertionError:
        return False
    return type(one) is type(other)
