"""Filters, order statistics and resampling of images, and the stroke width of a digit, in TensorFlow operations."""

import functools
from collections.abc import Callable

import tensorflow as tf

from mnist_keras.data.augmentation.degradation import dilate_or_erode


def max_filter(values: tf.Tensor, size: tuple[int, int]) -> tf.Tensor:
    """Maximum filter: the maximum in a window around each value, float32 (rows, columns)."""
    return _pooled(values, size, tf.nn.max_pool2d)


def min_filter(values: tf.Tensor, size: tuple[int, int]) -> tf.Tensor:
    """Minimum filter: the minimum in a window around each value, float32 (rows, columns)."""
    return -max_filter(-values, size)


def mean_filter(values: tf.Tensor, size: int) -> tf.Tensor:
    """Mean filter: the mean in a square around each value, float32 (rows, columns)."""
    return _pooled(values, (size, size), tf.nn.avg_pool2d)


def _pooled(values: tf.Tensor, size: tuple[int, int], pool: Callable) -> tf.Tensor:
    """Pools along one axis after the other, with the other axis as channels: kernels are fast over many channels."""
    for length in size:
        if length > 1:
            values = pool(values[tf.newaxis, :, tf.newaxis, :], (length, 1), 1, "SAME")[0, :, 0]
        values = tf.transpose(values)
    return values


def grey_opening(values: tf.Tensor, size: int) -> tf.Tensor:
    """Gray opening by a square: removes bright structures that are narrower than `size`."""
    return max_filter(min_filter(values, (size, size)), (size, size))


def downsample(values: tf.Tensor, factor: int, pool: str = "AVG") -> tf.Tensor:
    """Reduces each block of `factor` x `factor` values to its mean ("AVG") or its maximum ("MAX")."""
    return tf.nn.pool(values[tf.newaxis, ..., tf.newaxis], (factor, factor), pool, (factor, factor))[0, ..., 0]


def kth_largest(values: tf.Tensor, rank: int | tf.Tensor) -> tf.Tensor:
    """Returns the `rank`-th largest value; rank 1 is the maximum."""
    return tf.math.top_k(tf.reshape(values, (-1,)), rank).values[-1]


def border(values: tf.Tensor) -> tf.Tensor:
    """Returns the first and last row and column, concatenated."""
    return tf.concat([values[0], values[-1], values[:, 0], values[:, -1]], axis=0)


def downsampling_weights(size: tf.Tensor, cells: int) -> tf.Tensor:
    """Returns weights (cells, size): row i averages an axis of `size` pixels to cell i."""
    step = tf.cast(size, tf.float32) / cells
    weights = triangle_weights((tf.range(cells, dtype=tf.float32) + 0.5) * step, tf.maximum(1.0, step), size)
    return weights / tf.reduce_sum(weights, axis=1, keepdims=True)


def upsampling_weights(size: tf.Tensor, cells: int) -> tf.Tensor:
    """Returns weights (size, cells): row i interpolates cells linearly to pixel i of an axis of `size` pixels."""
    positions = (tf.cast(tf.range(size), tf.float32) + 0.5) * (cells / tf.cast(size, tf.float32))
    return triangle_weights(tf.clip_by_value(positions, 0.5, cells - 0.5), tf.constant(1.0), tf.constant(cells))


def triangle_weights(positions: tf.Tensor, reach: tf.Tensor, size: tf.Tensor) -> tf.Tensor:
    """Returns triangle weights (positions, size): 1 at a position, falling to 0 at a distance of `reach` pixels."""
    middles = tf.cast(tf.range(size), tf.float32) + 0.5
    return tf.maximum(0.0, 1.0 - tf.abs(positions[:, tf.newaxis] - middles[tf.newaxis, :]) / reach)


def upsample_to(values: tf.Tensor, shape: tf.Tensor) -> tf.Tensor:
    """Upsamples a square grid of values to the shape of an image, float32 (height, width)."""
    rows, columns = (upsampling_weights(shape[axis], values.shape[0]) for axis in range(2))
    return tf.matmul(tf.matmul(rows, values), columns, transpose_b=True)


# Stroke widths in pixels of a 28x28 digit. More than 90 % of MNIST's training images lie in this range.
MIN_WIDTH, MAX_WIDTH = 1.7, 4.4
# Maximum change of the stroke width, pixels.
MAX_CHANGE = 2.6
# Structuring elements as unions of windows. A cross and a square alternating make an octagon.
_CROSS, _SQUARE = ((3, 1), (1, 3)), ((3, 3),)


def stroke_width(digit: tf.Tensor) -> tf.Tensor:
    """Returns the mean stroke width in pixels: twice the area divided by the length of the outline.

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
