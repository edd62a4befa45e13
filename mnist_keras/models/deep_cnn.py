"""Pairs of small convolutions with batch norm, then an average over what is left of the image."""

from collections.abc import Sequence

import keras
from keras import layers


def deep_cnn(
    pixels: keras.KerasTensor, filters: Sequence[int] = (16, 32, 64), dropout: float = 0.2
) -> keras.KerasTensor:
    """Two 3x3 `same` convolutions per entry of `filters`, a 2x2 max pool between entries, 10 logits.

    Args:
        pixels: (batch, 28, 28, 1).
        dropout: rate before the logits.
    """
    x = pixels
    for index, count in enumerate(filters):
        if index:
            x = layers.MaxPooling2D()(x)
        for _ in range(2):
            x = layers.Conv2D(count, 3, padding="same", use_bias=False, kernel_initializer="he_normal")(x)
            # In front of the activation, where it can be folded into the convolution in an export.
            x = layers.BatchNormalization(momentum=0.9)(x)
            x = layers.Activation("relu")(x)
    x = layers.GlobalAveragePooling2D()(x)
    if dropout:
        x = layers.Dropout(dropout)(x)
    return layers.Dense(10, dtype="float32", name="logits")(x)
