"""A small fully convolutional network that finds digits in ink: which ink is theirs, and where their centers are.

The network learns from pages made by code (`mnist_keras.data.pages`). It follows Panoptic-DeepLab (Cheng et al. 2020):
each cell of ink is classified as part of a glyph or not, votes for the glyph's center, and heat maps have a peak at the
center of each digit, and of each letter and sign. Therefore lines that cross a digit are left out, and digits that
touch each other are separated.
"""

import contextlib
import contextvars
import functools
import pathlib
from collections.abc import Iterable, Iterator
from typing import Any, NamedTuple, Protocol

import numpy as np
import tensorflow as tf

from mnist_keras.inference.preprocessing.image_ops import enlarge

# The weights of the shipped network, written by `scripts/train_digit_finder.py`.
WEIGHTS = pathlib.Path(__file__).with_name("digit_finder.npz")
# Cells per value of the heat map, and per vote, along each axis.
HEAT_STEP, VOTE_STEP = 4, 2
_ARE_CONSTANT = contextvars.ContextVar("weights are constants", default=False)
# Unit of the votes, cells.
VOTE_UNIT = 10.0


class Maps(NamedTuple):
    """What the network says about canvases of `side` cells, float32."""

    # Whether the cell's ink belongs to a digit, letter or sign, as a logit: (canvases, side, side, 1).
    mask: tf.Tensor
    # From the cell to the center of its glyph, down and right, in `VOTE_UNIT`: (canvases, side / 2, side / 2, 2).
    votes: tf.Tensor
    # Centers of digits, and of letters and signs, as logits: (canvases, side / 4, side / 4, 2).
    heat: tf.Tensor


class Layers(Protocol):
    """The layers of the network, with trainable or with constant weights."""

    def convolution(self, inputs: Any, filters: int, size: int, stride: int, relu: bool) -> Any:
        """Convolution; then batch norm and ReLU with `relu`, a bias without."""

    def depthwise(self, inputs: Any, stride: int) -> Any:
        """Depthwise 3x3 convolution and batch norm."""

    def subpixel(self, inputs: Any, filters: int, factor: int) -> Any:
        """1x1 convolution with a bias, each of whose outputs becomes `factor` x `factor` values (Shi et al. 2016)."""

    def enlarge(self, inputs: Any) -> Any:
        """Doubles height and width by repeating each value."""


def build_maps(cells: Any, layers: Layers) -> Maps:
    """Applies the network.

    Args:
        cells: share of ink and whether the cell lies on the image: (canvases, side, side, 2), 0 to 1; the side is a
            multiple of 32.
        layers: creates the layers.
    """

    def separable(inputs: Any, filters: int, stride: int = 1) -> Any:
        return layers.convolution(layers.depthwise(inputs, stride), filters, 1, 1, relu=True)

    def residual(inputs: Any) -> Any:
        return inputs + separable(inputs, inputs.shape[-1])

    half = layers.convolution(cells, 24, 3, 2, relu=True)
    quarter = residual(separable(half, 48, 2))
    eighth = residual(separable(quarter, 64, 2))
    sixteenth = residual(residual(separable(eighth, 128, 2)))
    context = residual(residual(separable(sixteenth, 128, 2)))
    features = separable(sixteenth + layers.enlarge(context), 64)
    features = separable(eighth + layers.enlarge(features), 48)
    features = residual(separable(quarter + layers.enlarge(features), 48))
    heat = layers.convolution(separable(features, 48), 2, 1, 1, relu=False)
    fine = separable(half + layers.enlarge(separable(features, 24)), 24)
    return Maps(
        mask=layers.subpixel(fine, 1, 2),
        votes=layers.convolution(fine, 2, 1, 1, relu=False),
        heat=heat,
    )


class ConstantLayers:
    """Layers with the weights of a file: kernel and bias of each layer, in the order in which they are applied."""

    def __init__(self, arrays: Iterable[np.ndarray | tf.Variable]) -> None:
        self._arrays = iter(arrays)

    def convolution(self, inputs: tf.Tensor, filters: int, size: int, stride: int, relu: bool) -> tf.Tensor:
        outputs = tf.nn.conv2d(inputs, next(self._arrays), stride, "SAME") + next(self._arrays)
        return tf.nn.relu(outputs) if relu else outputs

    def depthwise(self, inputs: tf.Tensor, stride: int) -> tf.Tensor:
        strides = (1, stride, stride, 1)
        return tf.nn.depthwise_conv2d(inputs, next(self._arrays), strides, "SAME") + next(self._arrays)

    def subpixel(self, inputs: tf.Tensor, filters: int, factor: int) -> tf.Tensor:
        outputs = self.convolution(inputs, filters * factor**2, 1, 1, relu=False)
        return tf.nn.depth_to_space(outputs, factor)

    def enlarge(self, inputs: tf.Tensor) -> tf.Tensor:
        return enlarge(inputs, 2)


@functools.cache
def load_weights(path: pathlib.Path = WEIGHTS) -> list[np.ndarray]:
    """Returns kernels and biases, float32, in the order of `ConstantLayers`."""
    with np.load(path) as arrays:
        return [arrays[name].astype(np.float32) for name in sorted(arrays.files)]


@functools.cache
def load_variables(path: pathlib.Path) -> list[tf.Variable]:
    """Returns kernels and biases as variables, which a SavedModel stores once for all functions that use them."""
    with tf.init_scope():
        return [tf.Variable(array, trainable=False) for array in load_weights(path)]


@contextlib.contextmanager
def constant_weights() -> Iterator[None]:
    """Makes graphs traced inside hold the weights as constants: tf2onnx knows no shapes of variables in a branch."""
    token = _ARE_CONSTANT.set(True)
    try:
        yield
    finally:
        _ARE_CONSTANT.reset(token)


def graph_layers(path: pathlib.Path = WEIGHTS) -> ConstantLayers:
    """Returns layers with the shipped weights: variables, or constants inside `constant_weights`."""
    return ConstantLayers(load_weights(path) if _ARE_CONSTANT.get() else load_variables(path))


def find_glyph_ink(share: tf.Tensor, inside: tf.Tensor) -> Maps:
    """Applies the shipped network to one canvas: share of ink and whether a cell lies on the image, (1, side, side, 1).

    Returns:
        As `Maps`, but probabilities instead of logits, and votes in cells.
    """
    maps = build_maps(tf.concat([share * inside, inside], axis=3), graph_layers())
    return Maps(tf.sigmoid(maps.mask), VOTE_UNIT * maps.votes, tf.sigmoid(maps.heat))
