"""Convolutions with max pooling, then dense layers, as in LeNet."""

from collections.abc import Sequence

import keras
from keras import layers


def cnn(
    pixels: keras.KerasTensor,
    classes: int,
    filters: Sequence[int],
    kernel_size: int,
    activation: str | None = None,
    first_pool_dropout: float = 0.0,
    dense_units: int = 0,
    dense_activation: str | None = None,
    dropout: float = 0.0,
    kernel_initializer: str = "glorot_uniform",
) -> keras.KerasTensor:
    """Builds a `valid` convolution and a 2x2 max pool per entry of `filters`, then the logits.

    Args:
        pixels: scaled images of shape `(batch, 28, 28, 1)`.
        classes: number of classes.
        filters: number of filters of each convolution.
        kernel_size: side of every convolution's kernel, in pixels.
        activation: Keras activation of the convolutions. `None` makes them linear.
        first_pool_dropout: dropout rate after the first pool, in [0, 1). 0 adds no dropout layer.
        dense_units: width of a hidden dense layer before the logits. 0 adds none.
        dense_activation: Keras activation of the hidden dense layer. `None` makes it linear.
        dropout: dropout rate before the logits, in [0, 1). 0 adds no dropout layer.
        kernel_initializer: Keras initializer of all kernels.

    Returns:
        float32 logits of shape `(batch, classes)`.
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
    return layers.Dense(classes, kernel_initializer=kernel_initializer, dtype="float32", name="logits")(x)
