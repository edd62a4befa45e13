"""A small convolutional network that rejects what is no digit: letters, signs, scribbles, things and parts of digits.

It sees the digit in MNIST's geometry, finer than the network that finds digits does, and the probability which that
network gives. It learns from pages made by code, as that network does.
"""

import math
import pathlib
from typing import Any

import tensorflow as tf

from mnist_keras.inference.preprocessing import digit_finder
from mnist_keras.inference.preprocessing.digit_finder import Layers, graph_layers, load_variables

# The weights of the shipped network, written by `scripts/train_digit_finder.py`.
WEIGHTS = pathlib.Path(__file__).with_name("rejector.npz")
# An image that somebody wants to have read shows a digit more often than the pages from which the network learned: by
# this factor in the odds.
_PRIOR_ODDS = 2.5
# The finder's probability is limited, so that its logit is finite.
_LEAST = 0.01


def build_is_digit(digits: Any, finder_logits: Any, layers: Layers) -> Any:
    """Applies the network.

    Args:
        digits: in MNIST's geometry, (digits, 28, 28, 1), 0 to 1.
        finder_logits: logits of the finder's probability, (digits, 1, 1, 1).
        layers: creates the layers.

    Returns:
        Logits of the probability of a digit, (digits, 1, 1, 1).
    """

    def separable(inputs: Any, filters: int, stride: int = 1) -> Any:
        return layers.convolution(layers.depthwise(inputs, stride), filters, 1, 1, relu=True)

    def residual(inputs: Any) -> Any:
        return inputs + separable(inputs, inputs.shape[-1])

    half = residual(layers.convolution(digits, 24, 5, 2, relu=True))
    quarter = residual(residual(separable(half, 48, 2)))
    eighth = residual(separable(quarter, 64, 2))
    # The map has 4x4 values: one window covers them all.
    features = layers.convolution(eighth, 32, 4, 4, relu=True)
    return layers.convolution(features, 1, 1, 1, relu=False) + layers.convolution(finder_logits, 1, 1, 1, relu=False)


def preprocessing_variables() -> list[tf.Variable]:
    """Returns the weights of both networks, which a module that is saved with the preprocessing must track."""
    return [*load_variables(digit_finder.WEIGHTS), *load_variables(WEIGHTS)]


def finder_logit(probability: tf.Tensor) -> tf.Tensor:
    """Returns the logit of the finder's probability, as the network takes it."""
    limited = tf.clip_by_value(probability, _LEAST, 1.0 - _LEAST)
    return tf.math.log(limited) - tf.math.log(1.0 - limited)


def digit_probability(digit: tf.Tensor, finder_probability: tf.Tensor) -> tf.Tensor:
    """Applies the shipped network to one digit.

    Args:
        digit: in MNIST's geometry, float32 (28, 28), 0 to 255.
        finder_probability: a scalar.

    Returns:
        The probability that it is a digit, a scalar.
    """
    pixels = tf.reshape(digit / 255.0, (1, *digit.shape, 1))
    logit = tf.reshape(finder_logit(finder_probability), (1, 1, 1, 1))
    logit = build_is_digit(pixels, logit, graph_layers(WEIGHTS))
    return tf.reshape(tf.sigmoid(logit + math.log(_PRIOR_ODDS)), ())
