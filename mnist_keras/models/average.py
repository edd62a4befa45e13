"""Several networks as one that averages their probabilities."""

from collections.abc import Sequence

import keras
from keras import layers, ops

# Of a digit that all members rule out; its logarithm stays within reach of 8 bits.
_LEAST = 1e-6


def average(members: Sequence[keras.Model], name: str) -> keras.Model:
    """A functional model of several from raw pixels to logits, with the same ends."""
    pixels = keras.Input((28, 28, 1), name="pixels", dtype="float32")
    probabilities = [layers.Softmax(dtype="float32")(member(pixels)) for member in members]
    mean = layers.Average(dtype="float32")(probabilities)
    # Softmax undoes the logarithm.
    logits = layers.Activation("linear", dtype="float32", name="logits")(ops.log(ops.maximum(mean, _LEAST)))
    return keras.Model(pixels, logits, name=name)
