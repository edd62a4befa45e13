"""The hooks into Keras. tests/scripts/test_launch.py trains with several workers through them."""

import pathlib
import re

import keras
import numpy as np
import pytest
import tensorflow as tf

from mnist_keras.distribution import keras_compat
from mnist_keras.distribution.keras_compat import patched_for_multi_worker, skip_executions, variable_index
from mnist_keras.errors import InputError

PACKAGE = pathlib.Path(keras_compat.__file__).parents[1]


class Workers(tf.distribute.MultiWorkerMirroredStrategy):
    def __init__(self):
        pass


def compiled():
    model = keras.Sequential([keras.Input((3,)), keras.layers.Dense(2)])
    model.compile("sgd", "mse", metrics=["mae"])
    return model


def test_one_machine_needs_no_patch():
    with patched_for_multi_worker(None, tf.distribute.get_strategy()):
        pass


@pytest.mark.parametrize("changed", [None, lambda values: values])
def test_a_missing_or_changed_hook_raises_one_message(monkeypatch, changed):
    from keras.src.backend.tensorflow import trainer

    if changed:
        monkeypatch.setattr(trainer, "reduce_per_replica", changed)
    else:
        monkeypatch.delattr(trainer, "reduce_per_replica")
    message = f"lacks a hook.*Expected: reduce_per_replica.*Received: keras {keras.__version__}. Install a version"
    with pytest.raises(InputError, match=message), patched_for_multi_worker(compiled(), Workers()):
        pass


def test_skipped_executions_train_nothing():
    whole, part = compiled(), compiled()
    part.set_weights(whole.get_weights())
    inputs, targets = np.arange(27.0).reshape(9, 3) / 27, np.ones((9, 2))
    # Skipped calls read nothing, so the third call gets the first batch.
    skip_executions(whole, 2)
    whole.fit(inputs, targets, batch_size=3, shuffle=False, verbose=0)
    part.fit(inputs[:3], targets[:3], batch_size=3, shuffle=False, verbose=0)
    for received, expected in zip(whole.get_weights(), part.get_weights(), strict=True):
        np.testing.assert_array_equal(received, expected)


def test_a_fit_that_replaces_the_train_function_is_refused(monkeypatch):
    model = compiled()
    make = model.make_train_function
    monkeypatch.setattr(model, "make_train_function", lambda: make(force=True))
    with pytest.raises(InputError, match="make_train_function that keeps a train function"):
        skip_executions(model, 1)


def test_the_index_of_a_variable():
    model = compiled()
    model.optimizer.build(model.trainable_variables)
    assert [variable_index(model.optimizer, variable) for variable in model.trainable_variables] == [0, 1]
    with pytest.raises(InputError, match="_get_variable_index"):
        variable_index(object(), model.trainable_variables[0])


def test_no_other_file_uses_private_names_of_keras():
    private = re.compile(r"keras\.src|\._(symbolic_build|maybe_symbolic_build|get_variable_index|keras_history)\b")
    files = [path for path in PACKAGE.rglob("*.py") if path.name != "keras_compat.py"]
    assert len(files) > 90
    assert [str(path) for path in files if private.search(path.read_text())] == []
