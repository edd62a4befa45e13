"""The part of it that needs no workers; with workers: tests/scripts/test_launch.py."""

import keras
import pytest
import tensorflow as tf

from mnist_keras.distribution.keras_compat import fit_on_workers
from mnist_keras.errors import InputError


class Workers(tf.distribute.MultiWorkerMirroredStrategy):
    def __init__(self):
        pass


def test_another_keras_is_refused(monkeypatch):
    monkeypatch.setattr(keras, "__version__", "3.16.0")
    message = "Several workers were tried with Keras 3.15.x alone.* Received: keras 3.16.0. Install keras==3.15"
    with pytest.raises(InputError, match=message), fit_on_workers(None, Workers()):
        pass
    # One machine needs no adaptation.
    with fit_on_workers(None, tf.distribute.get_strategy()):
        pass
