"""Softmax regression and multilayer perceptrons."""

from collections.abc import Sequence

import keras


def linear(pixels: keras.KerasTensor, classes: int) -> keras.KerasTensor:
    """Builds softmax regression: one dense layer from 784 pixels to the logits.

    Weights and biases start at zero, as in the published system.

    Args:
        pixels: scaled images of shape `(batch, 28, 28, 1)`.
        classes: number of classes.

    Returns:
        float32 logits of shape `(batch, classes)`.
    """
    x = keras.layers.Flatten()(pixels)
    return keras.layers.Dense(classes, kernel_initializer="zeros", dtype="float32", name="logits")(x)


def mlp(
    pixels: keras.KerasTensor, classes: int, hidden_units: Sequence[int], activation: str | None
) -> keras.KerasTensor:
    """Builds a multilayer perceptron: 784 pixels, hidden dense layers, logits.

    Args:
        pixels: scaled images of shape `(batch, 28, 28, 1)`.
        classes: number of classes.
        hidden_units: width of each hidden layer. An empty sequence leaves softmax regression.
        activation: Keras activation of the hidden layers. `None` makes them linear, so that the whole network is one
            linear map.

    Returns:
        float32 logits of shape `(batch, classes)`.
    """
    x = keras.layers.Flatten()(pixels)
    for units in hidden_units:
        x = keras.layers.Dense(units, activation=activation)(x)
    return keras.layers.Dense(classes, dtype="float32", name="logits")(x)
