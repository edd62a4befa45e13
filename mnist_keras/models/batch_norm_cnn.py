"""Small fully convolutional network with batch norm and dropout.

Initializer, momentum and epsilon are PyTorch's defaults, because the published system looks like a PyTorch program. The
initializer matters: with SGD and no weight decay, the scale of the initial weights before a batch norm keeps its effect
throughout the training.
"""

import keras
from keras import layers


def batch_norm_cnn(pixels: keras.KerasTensor, classes: int, dropout: float = 0.1) -> keras.KerasTensor:
    """Builds seven convolutions of 8 to 32 filters without biases and without a dense layer.

    Two blocks of two `same` convolutions (8 and 16 filters), each block with a 2x2 max pool, come before a
    convolutional head that reduces 7x7 pixels to the logits.

    Args:
        pixels: scaled images of shape `(batch, 28, 28, 1)`.
        classes: number of classes.
        dropout: dropout rate after each of the first four convolutions, in [0, 1).

    Returns:
        float32 logits of shape `(batch, classes)`.
    """
    x = pixels
    for filters in (8, 16):
        for _ in range(2):
            x = _batch_norm(_convolution(filters, 3, padding="same", activation="relu")(x))
            x = layers.Dropout(dropout)(x)
        x = layers.MaxPooling2D()(x)
    x = _batch_norm(_convolution(16, 3, activation="relu")(x))
    x = _convolution(32, 3, activation="relu")(x)
    x = _convolution(classes, 1)(x)
    x = _convolution(classes, 3)(x)
    return layers.Flatten(dtype="float32", name="logits")(x)


def _convolution(filters: int, kernel_size: int, **options) -> layers.Layer:
    initializer = keras.initializers.VarianceScaling(1 / 3, mode="fan_in", distribution="uniform")
    return layers.Conv2D(filters, kernel_size, use_bias=False, kernel_initializer=initializer, **options)


def _batch_norm(x: keras.KerasTensor) -> keras.KerasTensor:
    return layers.BatchNormalization(momentum=0.9, epsilon=1e-5)(x)
