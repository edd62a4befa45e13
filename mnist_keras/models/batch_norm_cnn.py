"""Seven small convolutions with batch norm and dropout, and no dense layer."""

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
            x = _convolution(x, filters, padding="same")
            x = layers.Dropout(dropout)(x)
        x = layers.MaxPooling2D()(x)
    x = _convolution(x, 16, padding="valid")
    x = layers.Conv2D(32, 3, activation="relu", use_bias=False)(x)
    x = layers.Conv2D(10, 1, use_bias=False)(x)
    x = layers.Conv2D(10, 3, use_bias=False)(x)
    return layers.Flatten(dtype="float32", name="logits")(x)


def _convolution(x: keras.KerasTensor, filters: int, padding: str) -> keras.KerasTensor:
    x = layers.Conv2D(filters, 3, padding=padding, use_bias=False, activation="relu")(x)
    # The published system ran on PyTorch: its defaults, not Keras' .99 and 1e-3.
    return layers.BatchNormalization(momentum=0.9, epsilon=1e-5)(x)
