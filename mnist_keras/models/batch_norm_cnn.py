"""Seven small convolutions with batch norm and dropout, and no dense layer.

The published system has the marks of a PyTorch program, so this one starts and
normalises as PyTorch does by default: SGD without weight decay never forgets how
large the weights before a batch norm were at the start.
"""

import keras
from keras import layers


def batch_norm_cnn(pixels: keras.KerasTensor, dropout: float = 0.1) -> keras.KerasTensor:
    """Two blocks of (8, 8) and (16, 16) filters, each pooled, then a convolutional head.

    Args:
        pixels: (batch, 28, 28, 1).
        dropout: rate after each of the first four convolutions.
    """
    x = pixels
    for filters in (8, 16):
        for _ in range(2):
            x = _normalize(_convolution(filters, 3, padding="same", activation="relu")(x))
            x = layers.Dropout(dropout)(x)
        x = layers.MaxPooling2D()(x)
    x = _normalize(_convolution(16, 3, activation="relu")(x))
    x = _convolution(32, 3, activation="relu")(x)
    x = _convolution(10, 1)(x)
    x = _convolution(10, 3)(x)
    return layers.Flatten(dtype="float32", name="logits")(x)


def _convolution(filters: int, kernel_size: int, **options) -> layers.Layer:
    start = keras.initializers.VarianceScaling(1 / 3, mode="fan_in", distribution="uniform")
    return layers.Conv2D(filters, kernel_size, use_bias=False, kernel_initializer=start, **options)


def _normalize(x: keras.KerasTensor) -> keras.KerasTensor:
    return layers.BatchNormalization(momentum=0.9, epsilon=1e-5)(x)
