"""A picture of a digit -> MNIST's geometry, in TensorFlow operations that every export can carry.

MNIST's digits are white on black, fitted into a box of 20 pixels, and moved by whole
pixels until their center of mass is at index 14. Everything here is dense algebra on one
picture, and one loop, so that it converts to LiteRT's built-in operators.
"""

from collections.abc import Callable
from typing import NamedTuple

import tensorflow as tf

from mnist_keras.inference.preprocessing.components import Components, find_components
from mnist_keras.inference.preprocessing.digit import SIDE, PreprocessedDigit
from mnist_keras.inference.preprocessing.image_ops import (
    MAX_CHANGE,
    MAX_WIDTH,
    MIN_WIDTH,
    change_stroke_width,
    downsample,
    max_filter,
    stroke_width,
    triangle_weights,
    upsample_to,
)
from mnist_keras.inference.preprocessing.ink import Ink, find_ink

_BOX = 20.0
_CENTER = 14.0
# Finer grid on which strokes are widened.
_FINE = 3
# Share of the darkest ink from which on a pixel counts for the box.
_MIN_INK_SHARE = 0.05
# Ink must stand out from the noise of the ground around it by this factor.
_NOISE_FACTOR = 5.0


class _Span(NamedTuple):
    first: tf.Tensor
    size: tf.Tensor
    center: tf.Tensor


def to_gray(picture: tf.Tensor) -> tf.Tensor:
    """Grey values in 0..255, float32 (height, width).

    Args:
        picture: uint8 (height, width, channels): grey, grey and alpha, RGB, or RGBA. What is transparent becomes
            white where the ink is dark, and black where it is light.
    """
    channels = tf.shape(picture)[2]
    in_color = channels >= 3
    # Indices that exist whatever the number of channels.
    red, green, blue = (tf.cast(picture[..., tf.where(in_color, index, 0)], tf.float32) for index in range(3))
    gray = 0.299 * red + 0.587 * green + 0.114 * blue
    is_transparent = tf.equal(channels % 2, 0)
    alpha = tf.where(is_transparent, tf.cast(picture[..., channels - 1], tf.float32) / 255.0, 1.0)
    ink = tf.math.divide_no_nan(tf.reduce_sum(gray * alpha), tf.reduce_sum(alpha))
    ground = tf.where(ink < 128.0, 255.0, 0.0)
    return gray * alpha + ground * (1.0 - alpha)


def normalize(gray: tf.Tensor, unrolled: bool = False) -> PreprocessedDigit:
    """Brings one digit to MNIST's geometry, whatever the polarity, light, place, size and pen.

    Args:
        gray: float32 (height, width) in 0..255.
        unrolled: without a loop, which MediaPipe refuses; see `find_components`.
    """
    shape = tf.shape(gray)
    found = find_ink(gray)
    components = find_components(found.amount, found.strongest, tf.minimum(shape[0], shape[1]), unrolled)
    ink = _digits_ink(gray, found, components)
    darkest = tf.reduce_max(ink)
    rows = _span(tf.reduce_max(ink, axis=1), tf.reduce_sum(ink, axis=1), darkest)
    columns = _span(tf.reduce_max(ink, axis=0), tf.reduce_sum(ink, axis=0), darkest)

    def fitted(box: tf.Tensor, fine: int) -> tf.Tensor:
        scale = box / tf.maximum(tf.maximum(rows.size, columns.size), 1.0)
        weights = [_resampling(shape[axis], scale, span, fine) for axis, span in enumerate((rows, columns))]
        digit = tf.matmul(tf.matmul(weights[0], ink), weights[1], transpose_b=True)
        return tf.math.divide_no_nan(digit, tf.reduce_max(digit))

    width = stroke_width(fitted(tf.constant(_BOX), _FINE)) / _FINE
    wider = tf.clip_by_value(tf.clip_by_value(width, MIN_WIDTH, MAX_WIDTH) - width, -MAX_CHANGE, MAX_CHANGE)
    # The strokes will fill the box when they have their width.
    fine = fitted(_BOX - wider, _FINE)
    change = downsample(change_stroke_width(fine, wider * _FINE) - fine, _FINE)
    digit = tf.maximum(fitted(_BOX - wider, 1) + change, 0.0)
    digit = tf.round(255.0 * tf.math.divide_no_nan(digit, tf.reduce_max(digit)))
    has_ink = found.present & (tf.reduce_max(digit) > 0.0)
    box = tf.stack([rows.first, columns.first, rows.first + rows.size, columns.first + columns.size])
    return PreprocessedDigit(
        digit=tf.where(has_ink, digit, 0.0),
        has_ink=has_ink,
        light_on_dark=has_ink & (found.sign > 0),
        touches_border=has_ink & components.touches_border,
        has_other_digits=has_ink & components.has_other_digits,
        box=tf.where(has_ink, box, 0.0),
    )


def normalize_each(pictures: tf.Tensor, decode: Callable[[tf.Tensor], tf.Tensor] = tf.identity) -> PreprocessedDigit:
    """Brings every picture of a batch to MNIST's geometry.

    Args:
        pictures: what `decode` takes, batched.
        decode: an element -> uint8 (height, width, channels), 1 to 4 channels.

    Returns:
        Batches of what `PreprocessedDigit` holds.

    Raises:
        tf.errors.InvalidArgumentError: a picture has no pixels, or another number of channels.
    """
    flag = tf.TensorSpec((), tf.bool)
    outputs = PreprocessedDigit(tf.TensorSpec((SIDE, SIDE)), flag, flag, flag, flag, tf.TensorSpec((4,)))
    return tf.map_fn(
        lambda element: normalize_checked(decode(element)),
        pictures,
        fn_output_signature=outputs,
        # Large photographs must not all be in memory at once.
        parallel_iterations=2,
    )


# A function of its own is written once into a SavedModel, however many signatures call it.
@tf.function(input_signature=[tf.TensorSpec((None, None, None), tf.uint8)], autograph=False)
def normalize_checked(picture: tf.Tensor) -> PreprocessedDigit:
    """Brings one digit to MNIST's geometry, of a picture uint8 (height, width, channels); see `normalize_each`."""
    shape = tf.shape(picture)
    fits = (tf.reduce_min(shape) > 0) & (shape[2] <= 4)
    expected = "A picture must have height, width and 1 to 4 channels. Received the shape:"
    with tf.control_dependencies([tf.debugging.Assert(fits, [expected, shape])]):
        return normalize(to_gray(tf.identity(picture)))


def _digits_ink(gray: tf.Tensor, found: Ink, components: Components) -> tf.Tensor:
    """The digit's ink at the picture's own resolution, float32 (height, width); 0 elsewhere."""
    shape = tf.shape(gray)
    ink = (found.sign * gray - upsample_to(found.ground, shape)) * upsample_to(found.room, shape)
    around = tf.cast(upsample_to(max_filter(components.all, (5, 5)), shape) <= 0.0, tf.float32)
    noise = tf.math.divide_no_nan(tf.reduce_sum(tf.abs(ink) * around), tf.reduce_sum(around))
    # A cell more than the ink, where pixels are smaller than cells; else a pixel more.
    is_fine = tf.minimum(shape[0], shape[1]) >= 64
    zone = tf.where(is_fine, max_filter(components.digit, (3, 3)), max_filter(components.digit, (9, 9)))
    zone = tf.minimum(2.0 * upsample_to(zone, shape), 1.0)
    zone *= 1.0 - tf.minimum(upsample_to(max_filter(components.lines, (3, 3)), shape), 1.0)
    ink = tf.maximum(ink, 0.0) * zone
    return tf.where(ink > tf.minimum(_NOISE_FACTOR * noise, 0.4 * tf.reduce_max(ink)), ink, 0.0)


def _span(most: tf.Tensor, sums: tf.Tensor, darkest: tf.Tensor) -> _Span:
    """First index with ink, number of indices from first to last, and center of mass, along one axis."""
    indices = tf.cast(tf.range(tf.shape(most)[0]), tf.float32)
    inked = most > _MIN_INK_SHARE * darkest
    far = tf.cast(tf.shape(most)[0], tf.float32)
    first = tf.reduce_min(tf.where(inked, indices, far))
    last = tf.reduce_max(tf.where(inked, indices, -1.0))
    return _Span(first, last - first + 1.0, tf.math.divide_no_nan(tf.reduce_sum(indices * sums), tf.reduce_sum(sums)))


def _resampling(size: tf.Tensor, scale: tf.Tensor, span: _Span, fine: int) -> tf.Tensor:
    """(28 * fine, size): row i holds the weights with which the picture's pixels make up pixel i."""
    targets = (tf.range(SIDE * fine, dtype=tf.float32) + 0.5) / fine
    # As MNIST was made: scaled first, then moved by whole pixels.
    offset = tf.math.ceil(_CENTER + 0.5 - (span.center + 0.5 - span.first) * scale - 0.5)
    # A triangle as wide as a target pixel, or as a source pixel where that is larger.
    reach = tf.maximum(1.0, 1.0 / (scale * fine))
    return triangle_weights((targets - offset) / scale + span.first, reach, size) / reach
