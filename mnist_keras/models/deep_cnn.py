"""Deep network of small convolutions with batch norm and global average pooling, optionally depthwise separable."""

from collections.abc import Sequence

import keras
from keras import layers


def deep_cnn(
    pixels: keras.KerasTensor,
    classes: int,
    stages: Sequence[Sequence[int]] = ((16, 16), (32, 32), (64, 64)),
    kernel_size: int = 3,
    first_kernel_size: int = 0,
    first_strides: int = 1,
    separable: bool = False,
    scale: bool = True,
    weighted_average: bool = False,
    dropout: float = 0.0,
) -> keras.KerasTensor:
    """Builds stages of `same` convolutions, each with batch norm and ReLU, a global average pool and the logits.

    A 2x2 max pool lies between two stages.

    Args:
        pixels: scaled images of shape `(batch, 28, 28, 1)`.
        classes: number of classes.
        stages: per stage, the number of filters of each of its convolutions.
        kernel_size: side of every convolution's kernel, in pixels.
        first_kernel_size: side of the first convolution's kernel, in pixels. 0 means `kernel_size`.
        first_strides: strides of the first convolution. 2 makes all later layers four times as fast.
        separable: replace each convolution but the first by a depthwise and a 1x1 convolution, as in MobileNet (Howard
            et al. 2017), but without batch norm and activation between the two.
        scale: whether batch norm has a trainable factor per channel. `False` saves parameters. The next convolution can
            learn the factor instead.
        weighted_average: replace the global average pool by a max pool and a depthwise convolution over all remaining
            pixels, which weights each channel and position, as in MobileFaceNets (Chen et al. 2018).
        dropout: dropout rate before the logits, in [0, 1). 0 adds no dropout layer.

    Returns:
        float32 logits of shape `(batch, classes)`.
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
            # Before the activation, so that an export can fold it into the convolution.
            x = layers.BatchNormalization(momentum=0.9, scale=scale)(x)
            x = layers.Activation("relu")(x)
    if weighted_average:
        x = layers.MaxPooling2D()(x)
        x = layers.Flatten()(layers.DepthwiseConv2D(x.shape[1:3], use_bias=False)(x))
    else:
        x = layers.GlobalAveragePooling2D()(x)
    if dropout:
        x = layers.Dropout(dropout)(x)
    return layers.Dense(classes, dtype="float32", name="logits")(x)
