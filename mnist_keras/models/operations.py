"""How much arithmetic a network is."""

import math

import keras

_CONVOLUTIONS = (keras.layers.Conv2D, keras.layers.DepthwiseConv2D)


def training_operations(model: keras.Model) -> int:
    """Multiplications and additions of one training step an image, in convolutions and dense layers.

    Forward, and twice as much again backward, for the kernel and for the input, but that the first layer's input is
    no weight's.
    """
    counts = [
        2
        * math.prod(layer.output.shape[1:3] if isinstance(layer, _CONVOLUTIONS) else ())
        * math.prod(layer.kernel.shape)
        for layer in model.layers
        if isinstance(layer, (*_CONVOLUTIONS, keras.layers.Dense))
    ]
    return 3 * sum(counts) - counts[0]
