"""The classic plan: convolutions and pools, then dense layers."""

from collections.abc import Sequence

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
    kernel_initializer: str = "glorot_uniform",
) -> keras.KerasTensor:
    """One `valid` convolution and max pool per entry of `filters`, then 10 logits.

    Args:
        pixels: (batch, 28, 28, 1).
        first_pool_dropout: dropout rate after the first pool.
        dense_units: width of a hidden dense layer; 0 leaves it out.
        dropout: dropout rate before the logits.
        kernel_initializer: Keras' name of the distribution that the kernels start from.
    """
    x = pixels
    for index, count in enumerate(filters):
        x = layers.Conv2D(count, kernel_size, activation=activation, kernel_initializer=kernel_initializer)(x)
        x = layers.MaxPooling2D()(x)
        if index == 0 and first_pool_dropout:
            x = layers.Dropout(first_pool_dropout)(x)
    x = layers.Flatten()(x)
    if dense_units:
        x = layers.Dense(dense_units, activation=dense_activation, kernel_initializer=kernel_initializer)(x)
    if dropout:
        x = layers.Dropout(dropout)(x)
    return layers.Dense(10, kernel_initializer=kernel_initializer, dtype="float32", name="logits")(x)
