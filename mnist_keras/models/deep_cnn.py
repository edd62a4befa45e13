"""Many small convolutions with batch norm, then an average over what is left of the image."""

from collections.abc import Sequence

import keras
from keras import layers


def deep_cnn(
    pixels: keras.KerasTensor,
    stages: Sequence[Sequence[int]] = ((16, 16), (32, 32), (64, 64)),
    kernel_size: int = 3,
    first_kernel_size: int = 0,
    first_strides: int = 1,
    separable: bool = False,
    scale: bool = True,
    weighted_average: bool = False,
    dropout: float = 0.0,
) -> keras.KerasTensor:
    """A `same` convolution of so many filters per number, a 2x2 max pool between stages, 10 logits.

    Args:
        pixels: (batch, 28, 28, 1).
        kernel_size: of every convolution.
        first_kernel_size: of the first one; 0 stands for `kernel_size`.
        first_strides: of the first one. 2 makes all that follows four times as fast.
        separable: all convolutions but the first are a depthwise one and a 1x1 one, as in MobileNet (Howard et al.
            2017), without anything between the two.
        scale: whether batch norm has a factor of its own. Without one a network can be the same, as the next
            convolution multiplies anyway, and has fewer parameters.
        weighted_average: the average over what is left of the image, after one more pool, has weights of its own for
            every channel and place: a depthwise convolution, as in MobileFaceNets (Chen et al. 2018).
        dropout: rate before the logits.
    """
    x = pixels
    for index, stage in enumerate(stages):
        if index:
            x = layers.MaxPooling2D()(x)
        for filters in stage:
            size, strides = kernel_size, 1
            if x is pixels:
                size, strides = first_kernel_size or kernel_size, first_strides
            elif separable:
                x = layers.DepthwiseConv2D(kernel_size, padding="same", use_bias=False)(x)
                size = 1
            convolution = layers.Conv2D(
                filters, size, strides, padding="same", use_bias=False, kernel_initializer="he_normal"
            )
            x = convolution(x)
            # In front of the activation, where it can be folded into the convolution in an export.
            x = layers.BatchNormalization(momentum=0.9, scale=scale)(x)
            x = layers.Activation("relu")(x)
    if weighted_average:
        x = layers.MaxPooling2D()(x)
        x = layers.Flatten()(layers.DepthwiseConv2D(x.shape[1:3], use_bias=False)(x))
    else:
        x = layers.GlobalAveragePooling2D()(x)
    if dropout:
        x = layers.Dropout(dropout)(x)
    return layers.Dense(10, dtype="float32", name="logits")(x)
