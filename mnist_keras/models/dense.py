"""Softmax regression: every pixel votes for every digit."""

from collections.abc import Sequence

import keras


def linear(pixels: keras.KerasTensor) -> keras.KerasTensor:
    """784 -> 10 logits; weights and biases start at zero, as in the published system."""
    x = keras.layers.Flatten()(pixels)
    return keras.layers.Dense(10, kernel_initializer="zeros", dtype="float32", name="logits")(x)


def mlp(pixels: keras.KerasTensor, hidden_units: Sequence[int], activation: str | None) -> keras.KerasTensor:
    """784 -> hidden_units -> 10 logits. `activation=None` makes a stack of linear layers."""
    x = keras.layers.Flatten()(pixels)
    for units in hidden_units:
        x = keras.layers.Dense(units, activation=activation)(x)
    return keras.layers.Dense(10, dtype="float32", name="logits")(x)
