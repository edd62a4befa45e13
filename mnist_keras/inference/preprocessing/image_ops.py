"""Pictures of any size on a grid of a fixed one, and what is done there: pooling, ranks, resampling."""

import functools
from collections.abc import Callable

import tensorflow as tf

from mnist_keras.data.augmentation.degradation import dilate_or_erode


def max_filter(values: tf.Tensor, size: tuple[int, int]) -> tf.Tensor:
    """The largest value within a window around each, float32 (rows, columns)."""
    return _pooled(values, size, tf.nn.max_pool2d)


def min_filter(values: tf.Tensor, size: tuple[int, int]) -> tf.Tensor:
    """The smallest value within a window around each."""
    return -max_filter(-values, size)


def mean_filter(values: tf.Tensor, size: int) -> tf.Tensor:
    """The mean within a square around each."""
    return _pooled(values, (size, size), tf.nn.avg_pool2d)


def _pooled(values: tf.Tensor, size: tuple[int, int], pool: Callable) -> tf.Tensor:
    """One axis after the other, the other as channels: processors are made for many of them, and there is one."""
    for length in size:
        if length > 1:
            values = pool(values[tf.newaxis, :, tf.newaxis, :], (length, 1), 1, "SAME")[0, :, 0]
        values = tf.transpose(values)
    return values


def grey_opening(values: tf.Tensor, size: int) -> tf.Tensor:
    """Without what is higher than its surroundings and narrower than `size` (a grey opening by a square)."""
    return max_filter(min_filter(values, (size, size)), (size, size))


def downsample(values: tf.Tensor, factor: int, pool: str = "AVG") -> tf.Tensor:
    """Each block of factor x factor as one value, its mean or ("MAX") its largest."""
    return tf.nn.pool(values[tf.newaxis, ..., tf.newaxis], (factor, factor), pool, (factor, factor))[0, ..., 0]


def kth_largest(values: tf.Tensor, rank: int | tf.Tensor) -> tf.Tensor:
    """The value that stands at this place, from 1, among all from the largest down."""
    return tf.math.top_k(tf.reshape(values, (-1,)), rank).values[-1]


def border(values: tf.Tensor) -> tf.Tensor:
    """The first and the last row and column, one after the other."""
    return tf.concat([values[0], values[-1], values[:, 0], values[:, -1]], axis=0)


def downsampling_weights(size: tf.Tensor, cells: int) -> tf.Tensor:
    """(cells, size): row i holds the weights with which an axis of that size makes up cell i."""
    step = tf.cast(size, tf.float32) / cells
    weights = triangle_weights((tf.range(cells, dtype=tf.float32) + 0.5) * step, tf.maximum(1.0, step), size)
    return weights / tf.reduce_sum(weights, axis=1, keepdims=True)


def upsampling_weights(size: tf.Tensor, cells: int) -> tf.Tensor:
    """(size, cells): row i holds the weights with which cells make up pixel i of an axis of that size."""
    positions = (tf.cast(tf.range(size), tf.float32) + 0.5) * (cells / tf.cast(size, tf.float32))
    return triangle_weights(tf.clip_by_value(positions, 0.5, cells - 0.5), tf.constant(1.0), tf.constant(cells))


def triangle_weights(positions: tf.Tensor, reach: tf.Tensor, size: tf.Tensor) -> tf.Tensor:
    """(positions, size): how near the middle of pixel j is to each position, 1 there and 0 from `reach` on."""
    middles = tf.cast(tf.range(size), tf.float32) + 0.5
    return tf.maximum(0.0, 1.0 - tf.abs(positions[:, tf.newaxis] - middles[tf.newaxis, :]) / reach)


def upsample_to(values: tf.Tensor, shape: tf.Tensor) -> tf.Tensor:
    """A square grid of values stretched over a picture, float32 (height, width)."""
    rows, columns = (upsampling_weights(shape[axis], values.shape[0]) for axis in range(2))
    return tf.matmul(tf.matmul(rows, values), columns, transpose_b=True)


# In pixels of 28, by `stroke_width`: more than 90 % of MNIST's training images lie in between.
MIN_WIDTH, MAX_WIDTH = 1.7, 4.4
# Most that is added or taken away.
MAX_CHANGE = 2.6
# Structuring elements as unions of windows. A cross and a square alternating make an octagon.
_CROSS, _SQUARE = ((3, 1), (1, 3)), ((3, 3),)


def stroke_width(digit: tf.Tensor) -> tf.Tensor:
    """Mean width in pixels of the digit's grid: twice the area over the length of the outline.

    Args:
        digit: float32 (side, side) in 0..1.
    """
    along_y = (digit[2:, 1:-1] - digit[:-2, 1:-1]) / 2
    along_x = (digit[1:-1, 2:] - digit[1:-1, :-2]) / 2
    outline = tf.reduce_sum(tf.sqrt(tf.square(along_x) + tf.square(along_y)))
    return 2.0 * tf.reduce_sum(digit) / tf.maximum(outline, 1.0)


def change_stroke_width(digit: tf.Tensor, amount: tf.Tensor) -> tf.Tensor:
    """Makes strokes wider by `amount` grid steps, or thinner if it is negative, by octagonal dilation or erosion.

    Args:
        digit: float32 (side, side) in 0..1.
        amount: grid steps, fractions included; at most 8 in either direction.
    """
    elements = _CROSS, _SQUARE, _CROSS, _SQUARE
    dilations = [functools.partial(_dilate, element=element) for element in elements]
    erosions = [functools.partial(_erode, element=element) for element in elements]
    return dilate_or_erode(digit, amount, dilations, erosions)


def _dilate(digit: tf.Tensor, element: tuple[tuple[int, int], ...]) -> tf.Tensor:
    return tf.reduce_max(tf.stack([max_filter(digit, window) for window in element]), axis=0)


def _erode(digit: tf.Tensor, element: tuple[tuple[int, int], ...]) -> tf.Tensor:
    return tf.reduce_min(tf.stack([min_filter(digit, window) for window in element]), axis=0)
