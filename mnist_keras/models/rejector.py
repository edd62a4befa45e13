"""The network that rejects what is no digit, as a trainable keras.Model."""

import keras

from mnist_keras.inference.preprocessing.digit import SIDE
from mnist_keras.inference.preprocessing.rejector import build_is_digit
from mnist_keras.models.digit_finder import TrainableLayers


def build_rejector() -> tuple[keras.Model, TrainableLayers]:
    """Builds the network.

    Returns:
        The model, from `digits`, (batch, 28, 28, 1) in 0..1, and `finder_logits`, (batch, 1, 1, 1), to logits of shape
        (batch, 1, 1, 1); and its layers for `constant_weights`.
    """
    digits, finder_logits = keras.Input((SIDE, SIDE, 1), name="digits"), keras.Input((1, 1, 1), name="finder_logits")
    trainable = TrainableLayers()
    logits = build_is_digit(digits, finder_logits, trainable)
    return keras.Model({"digits": digits, "finder_logits": finder_logits}, logits, name="rejector"), trainable
