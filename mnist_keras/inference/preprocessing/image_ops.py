"""Filters, order statistics and resampling of images, and the stroke width of a digit, in TensorFlow operations.

Images are float32 (images, height, width, 1).
"""

import functools
from collections.abc import Callable

import tensorflow as tf

from mnist_keras.data.augmentation.degradation import dilate_or_erode


def max_filter(images: tf.Tensor, size: tuple[int, int]) -> tf.Tensor:
    """Maximum filter: the maximum in a window around each value."""
    return _pooled(images, size, tf.nn.max_pool2d)


def min_filter(images: tf.Tensor, size: tuple[int, int]) -> tf.Tensor:
    """Minimum filter: the minimum in a window around each value."""
    return -max_filter(-images, size)


def mean_filter(images: tf.Tensor, size: int) -> tf.Tensor:
    """Mean filter: the mean in a square around each value."""
    return _pooled(images, (size, size), tf.nn.avg_pool2d)


def _pooled(images: tf.Tensor, size: tuple[int, int], pool: Callable) -> tf.Tensor:
    """Pools along one axis after the other, with the other as channels: LiteRT is slow with one channel."""
    height, width = images.shape[1:3]
    lines = tf.reshape(images, (-1, height, 1, width))
    if size[0] > 1:
        lines = pool(lines, (size[0], 1), 1, "SAME")
    if size[1] > 1:
        lines = _transposed(pool(_transposed(lines), (size[1], 1), 1, "SAME"))
    return tf.reshape(lines, (-1, height, width, 1))


def _transposed(lines: tf.Tensor) -> tf.Tensor:
    return tf.transpose(lines, (0, 3, 2, 1))


def grey_opening(images: tf.Tensor, size: int) -> tf.Tensor:
    """Gray opening by a square: removes bright structures that are narrower than `size`."""
    return max_filter(min_filter(images, (size, size)), (size, size))


def above(values: tf.Tensor, threshold: tf.Tensor | float) -> tf.Tensor:
    """Returns 1 where a value is above the threshold, otherwise 0, float32.

    LiteRT compares with a scalar, and selects by the result, ten times slower than it computes.
    """
    return tf.clip_by_value((values - threshold) * 1e6, 0.0, 1.0)


def kth_largest(images: tf.Tensor, rank: int) -> tf.Tensor:
    """Returns the `rank`-th largest value of each image, (images, 1, 1, 1); rank 1 is the maximum."""
    values = tf.reshape(images, (-1, images.shape[1] * images.shape[2]))
    return tf.math.top_k(values, rank).values[:, -1:, tf.newaxis, tf.newaxis]


def border(images: tf.Tensor) -> tf.Tensor:
    """Returns the first and last row and column of square images, concatenated: (images, 4 * side, 1, 1)."""
    columns = tf.transpose(images, (0, 2, 1, 3))
    edges = [images[:, :1], images[:, -1:], columns[:, :1], columns[:, -1:]]
    return tf.reshape(tf.concat(edges, axis=1), (-1, 4 * images.shape[1], 1, 1))


def enlarge(cells: tf.Tensor, factor: int) -> tf.Tensor:
    """Repeats each value of images `factor` times along both axes."""
    height, width, channels = cells.shape[1:]
    if channels > 1:
        return _repeated(cells, (height * factor, width * factor))
    # Along one axis after the other, as in `_pooled`.
    lines = _transposed(_repeated(tf.reshape(cells, (-1, height, 1, width)), (height * factor, 1)))
    return tf.reshape(_transposed(_repeated(lines, (width * factor, 1))), (-1, height * factor, width * factor, 1))


def _repeated(images: tf.Tensor, size: tuple[int, int]) -> tf.Tensor:
    # With half pixel centers, onnxruntime warns. The result is the same.
    return tf.raw_ops.ResizeNearestNeighbor(images=images, size=size, half_pixel_centers=False)


def triangle_weights(positions: tf.Tensor, reach: tf.Tensor, size: int, axis: int) -> tf.Tensor:
    """Returns triangle weights: 1 at a position, falling to 0 at a distance of `reach` pixels.

    Args:
        positions: in pixels, float32 (positions,).
        reach: a scalar.
        size: number of pixels.
        axis: of the positions in the result: 0 gives (positions, size), to resample rows; 1 gives (size, positions),
            to resample columns. LiteRT multiplies by a transposed matrix slowly.
    """
    middles = tf.range(size, dtype=tf.float32) + 0.5
    distances = tf.expand_dims(positions, 1 - axis) - tf.expand_dims(middles, axis)
    return tf.maximum(0.0, 1.0 - tf.abs(distances) / reach)


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
    # The erosion of an image is the dilation of its negative.
    sign = tf.where(amount < 0.0, -1.0, 1.0)
    dilations = [functools.partial(_dilate, element=element) for element in (_CROSS, _SQUARE, _CROSS, _SQUARE)]
    signed = sign * tf.reshape(digit, (1, *digit.shape, 1))
    return sign * tf.reshape(dilate_or_erode(signed, tf.abs(amount), dilations, ()), digit.shape)


def _dilate(images: tf.Tensor, element: tuple[tuple[int, int], ...]) -> tf.Tensor:
    return functools.reduce(tf.maximum, [max_filter(images, window) for window in element])
