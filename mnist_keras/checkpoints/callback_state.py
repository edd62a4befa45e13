"""What a Keras callback remembers, as JSON and arrays.

Kept are a callback's plain attributes (numbers, text, arrays, functions of `keras.ops`,
and lists, tuples and dicts of these) that changed since training began, but for those
it names in `transient`. That covers early stopping, plateau schedules and best values
so far: Keras chooses their `monitor_op` at the first epoch's end, and turns the sign of
`min_delta` with it.
"""

import copy
from collections.abc import Mapping
from typing import Any

import keras
import numpy as np

from mnist_keras.checkpoints.file import Arrays

_PLAIN = (bool, int, float, str, type(None), np.ndarray, np.generic)


def plain_attributes(callback: keras.callbacks.Callback) -> dict[str, Any]:
    """Copies of the attributes that are plain data."""
    left_out = {"params", *getattr(callback, "transient", ())}
    attributes = {name: value for name, value in vars(callback).items() if name not in left_out}
    return {name: copy.deepcopy(value) for name, value in attributes.items() if _is_plain(value)}


def changed(callback: keras.callbacks.Callback, first: Mapping[str, Any]) -> dict[str, Any]:
    """The plain attributes that are not what they were when `first` was taken."""
    now = plain_attributes(callback)
    return {name: value for name, value in now.items() if name not in first or not _same(value, first[name])}


def encode(value: Any, arrays: Arrays) -> Any:
    """JSON of a plain value; arrays go into `arrays` and leave their names."""
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
    """What `encode` was given."""
    if not isinstance(value, dict):
        return value
    [(kind, content)] = value.items()
    if kind == "array":
        # A scalar comes back as one.
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
