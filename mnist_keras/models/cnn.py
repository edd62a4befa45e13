"""The classic plan: convolutions and pools, then dense layers."""

import math
from collections.abc import Sequence
from typing import Any

import keras
from keras import layers


def cnn(
    pixels: keras.KerasTensor,
    filters: Sequence[int],
    kernel_size: int,
    activation: str | None = None,
    first_pool_dropout: float = 0.0,
    dense_units: int = 0,
    dense_activation: str | None = None,
    dropout: float = 0.0,
    pytorch_start: bool = False,
) -> keras.KerasTensor:
    """One `valid` convolution and 2x2 max pool per entry of `filters`, then 10 logits.

    Args:
        pixels: (batch, 28, 28, 1).
        first_pool_dropout: dropout rate after the first pool.
        dense_units: width of a hidden dense layer; 0 leaves it out.
        dropout: dropout rate before the logits.
        pytorch_start: weights and biases start as PyTorch's layers do, not as Keras'.
    """
    start = _pytorch_start if pytorch_start else lambda fan_in: {}
    x = pixels
    for index, count in enumerate(filters):
        fan_in = kernel_size**2 * x.shape[-1]
        x = layers.Conv2D(count, kernel_size, activation=activation, **start(fan_in))(x)
        x = layers.MaxPooling2D()(x)
        if index == 0 and first_pool_dropout:
            x = layers.Dropout(first_pool_dropout)(x)
    x = layers.Flatten()(x)
    if dense_units:
        x = layers.Dense(dense_units, activation=dense_activation, **start(x.shape[-1]))(x)
    if dropout:
        x = layers.Dropout(dropout)(x)
    return layers.Dense(10, dtype="float32", name="logits", **start(x.shape[-1]))(x)


def _pytorch_start(fan_in: int) -> dict[str, Any]:
    # torch.nn.Conv2d and torch.nn.Linear: all from the uniform distribution within 1 / sqrt(fan_in).
    limit = 1 / math.sqrt(fan_in)
    return {
        name: keras.initializers.RandomUniform(-limit, limit) for name in ("kernel_initializer", "bias_initializer")
    }
