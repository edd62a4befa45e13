"""A glyph on an image -> MNIST's geometry, in TensorFlow operations.

MNIST's digits are white on black, fitted into a box of 20 pixels, and moved by whole pixels until their center of mass
is at index 14.
"""

from typing import NamedTuple

import tensorflow as tf

from mnist_keras.inference.preprocessing.canvas import CROP, Canvas, Crop, crop
from mnist_keras.inference.preprocessing.digit import SIDE
from mnist_keras.inference.preprocessing.image_ops import (
    MAX_CHANGE,
    MAX_WIDTH,
    MIN_WIDTH,
    above,
    change_stroke_width,
    max_filter,
    stroke_width,
    triangle_weights,
)
from mnist_keras.inference.preprocessing.ink import Ink

_BOX = 20.0
_CENTER = 14.0
# Finer grid on which strokes are widened.
_FINE = 3
# Share of the darkest ink from which on a pixel counts for the box.
_MIN_INK_SHARE = 0.05
# Ink must stand out from the noise of the ground around it by this factor.
_NOISE_FACTOR = 5.0
# Minimum share of ink of a cell that the network judges.
_FAINT = 0.1
# Probability of a glyph up to which a cell of ink is cut out, and from which on all of it is kept. A remainder of a
# line does less harm than a gap in the digit.
_NO_GLYPH, _GLYPH = 0.1, 0.3
# Margin of a crop around a digit's bounding box, in cells.
_MARGIN = 2.0


class _Span(NamedTuple):
    first: tf.Tensor
    size: tf.Tensor
    center: tf.Tensor


def normalize_digit(
    picture: tf.Tensor, canvas: Canvas, ink: Ink, mask: tf.Tensor, box: tf.Tensor
) -> tuple[tf.Tensor, tf.Tensor]:
    """Brings one digit to MNIST's geometry.

    Args:
        picture: as in `normalize`.
        canvas: the picture's canvas.
        ink: on the canvas.
        mask: probability that a cell's ink belongs to the digit, float32 (1, cells, cells, 1).
        box: top, left, bottom, right in cells.

    Returns:
        The digit, whole numbers 0 to 255, float32 (28, 28), and the bounding box of its ink in pixels, float32 (4,).
    """
    center = (box[:2] + box[2:]) / 2.0
    side = tf.reduce_max(box[2:] - box[:2]) + 2.0 * _MARGIN
    top, left = (tf.unstack(center - side / 2.0)[axis] * canvas.step for axis in range(2))
    part = crop(picture, canvas.backdrop, top + canvas.top, left + canvas.left, side * canvas.step)
    pixels = _digits_ink(part, canvas, ink, mask)
    darkest = tf.reduce_max(pixels)
    rows = _span(tf.reduce_max(pixels, axis=1), tf.reduce_sum(pixels, axis=1), darkest)
    columns = _span(tf.reduce_max(pixels, axis=0), tf.reduce_sum(pixels, axis=0), darkest)

    def fitted(size: tf.Tensor, fine: int) -> tf.Tensor:
        scale = size / tf.maximum(tf.maximum(rows.size, columns.size), 1.0)
        down, across = (_resampling(scale, span, fine, axis) for axis, span in enumerate((rows, columns)))
        digit = tf.matmul(tf.matmul(down, pixels), across)
        return tf.math.divide_no_nan(digit, tf.reduce_max(digit))

    width = stroke_width(fitted(tf.constant(_BOX), _FINE)) / _FINE
    wider = tf.clip_by_value(tf.clip_by_value(width, MIN_WIDTH, MAX_WIDTH) - width, -MAX_CHANGE, MAX_CHANGE)
    # The strokes will fill the box when they have their width.
    fine = fitted(_BOX - wider, _FINE)
    change = change_stroke_width(fine, wider * _FINE) - fine
    change = tf.nn.avg_pool2d(tf.reshape(change, (1, *change.shape, 1)), _FINE, _FINE, "VALID")
    change = tf.reshape(change, (SIDE, SIDE))
    digit = tf.maximum(fitted(_BOX - wider, 1) + change, 0.0)
    digit = tf.round(255.0 * tf.math.divide_no_nan(digit, tf.reduce_max(digit)))
    first = tf.stack(
        [part.rows[0] + (rows.first - 0.5) * part.step, part.columns[0] + (columns.first - 0.5) * part.step]
    )
    return digit, tf.concat([first, first + tf.stack([rows.size, columns.size]) * part.step], axis=0)


def _digits_ink(part: Crop, canvas: Canvas, ink: Ink, mask: tf.Tensor) -> tf.Tensor:
    """The digit's ink at the resolution of the crop, float32 (CROP, CROP); 0 elsewhere."""
    inked = above(ink.share * canvas.inside, _FAINT)
    # A cell more than the ink, because its edge is faint, but none of what is no digit.
    zone = max_filter(mask * inked, (3, 3))
    zone *= 1.0 - above(ink.share, 2.0 * _FAINT) * above(_NO_GLYPH, mask)
    side = mask.shape[1]
    positions = ((part.rows - canvas.top) / canvas.step, (part.columns - canvas.left) / canvas.step)
    down, across = (
        triangle_weights(tf.clip_by_value(along, 0.5, side - 0.5), tf.constant(1.0), side, axis)
        for axis, along in enumerate(positions)
    )
    ground, room, zone, near_ink = (
        tf.matmul(tf.matmul(down, tf.reshape(cells, (side, side))), across)
        for cells in (ink.ground, ink.room, zone, max_filter(inked, (5, 5)))
    )
    pixels = (ink.sign[0, 0] * part.gray - ground) * room
    around = above(1.0, near_ink + 0.5) * part.inside
    noise = tf.math.divide_no_nan(tf.reduce_sum(tf.abs(pixels) * around), tf.reduce_sum(around))
    pixels = tf.maximum(pixels, 0.0) * certain_share(zone) * part.inside
    return pixels * above(pixels, tf.minimum(_NOISE_FACTOR * noise, 0.4 * tf.reduce_max(pixels)))


def certain_share(probability: tf.Tensor) -> tf.Tensor:
    """Returns 0 for certainly no glyph, 1 for a glyph. Faint remains of a line would enlarge the bounding box."""
    return tf.clip_by_value((probability - _NO_GLYPH) / (_GLYPH - _NO_GLYPH), 0.0, 1.0)


def _span(most: tf.Tensor, sums: tf.Tensor, darkest: tf.Tensor) -> _Span:
    """First index with ink, number of indices from first to last, and center of mass, along one axis."""
    indices = tf.range(CROP, dtype=tf.float32)
    inked = most > _MIN_INK_SHARE * darkest
    first = tf.reduce_min(tf.where(inked, indices, float(CROP)))
    last = tf.reduce_max(tf.where(inked, indices, -1.0))
    return _Span(first, last - first + 1.0, tf.math.divide_no_nan(tf.reduce_sum(indices * sums), tf.reduce_sum(sums)))


def _resampling(scale: tf.Tensor, span: _Span, fine: int, axis: int) -> tf.Tensor:
    """Weights with which the crop's pixels make up those of the digit; axis `axis` has the 28 * fine pixels."""
    targets = (tf.range(SIDE * fine, dtype=tf.float32) + 0.5) / fine
    # As MNIST was made: scaled first, then moved by whole pixels.
    offset = tf.math.ceil(_CENTER + 0.5 - (span.center + 0.5 - span.first) * scale - 0.5)
    # A triangle as wide as a target pixel, or as a source pixel where that is larger.
    reach = tf.maximum(1.0, 1.0 / (scale * fine))
    return triangle_weights((targets - offset) / scale + span.first, reach, CROP, axis) / reach
