"""A trained network whose explanations are known: softmax regression is linear."""

import numpy as np
import pytest


@pytest.fixture(scope="session")
def linear_model(trained_run):
    from mnist_keras.inference.keras_model import load_keras_model

    return load_keras_model(trained_run / "model.keras")


@pytest.fixture(scope="session")
def templates(linear_model):
    """How much the logit of a class changes per step of a pixel: float32 (classes, 28, 28)."""
    scale = linear_model.layers[1].scale
    return np.asarray(linear_model.get_weights()[0]).T.reshape(10, 28, 28) * scale


@pytest.fixture(scope="session")
def small_cnn():
    """An untrained convolutional network."""
    import keras

    from mnist_keras.models import build_model

    keras.utils.set_random_seed(0)
    return build_model("compact_1k")
