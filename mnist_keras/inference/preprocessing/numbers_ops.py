"""All digits on an image, line by line from left to right, in TensorFlow operations that every export can carry."""

from typing import NamedTuple

import tensorflow as tf

from mnist_keras.inference.preprocessing.canvas import Canvas, sample_canvas
from mnist_keras.inference.preprocessing.digit import MAX_DIGITS, SIDE
from mnist_keras.inference.preprocessing.glyphs_on_canvas import FoundGlyphs, find_glyphs, glyph_mask
from mnist_keras.inference.preprocessing.mnist_geometry import normalize_digit
from mnist_keras.inference.preprocessing.normalize_ops import check_picture
from mnist_keras.inference.preprocessing.rejector import digit_probability

# Sides of the canvas in cells: of an image with large digits, and of all others.
_COARSE, _FINE = 96, 192
# Mean height in cells from which on digits are large. On the finer canvas the network would see parts of them.
_LARGE = 22.0
# Digits, letters and signs that are looked for.
_CANDIDATES = 48
# Minimum distance of two centers. A touching pair often has a weak third peak.
_MIN_DISTANCE = 0.36
# Probability, as the finder gives it, from which on a glyph may be a digit.
_POSSIBLE = 0.25
# Minimum of `is_digit`. Within a number a missing digit does more harm than a sign that is taken for one.
_MIN_IS_DIGIT = 0.2
# Score from which on a glyph that is no digit is told.
_SIGN_SCORE = 0.3
# Two digits are in a line if they overlap vertically by this share of the lower one, and are at most so many times
# the height of the higher one apart.
_OVERLAP, _MAX_GAP = 0.5, 3.0


class NormalizedDigits(NamedTuple):
    """Digits in reading order; `MAX_DIGITS` rows, of which the last are empty."""

    #: Number of digits, int32.
    count: tf.Tensor
    #: In MNIST's geometry, whole numbers 0 to 255, float32 (MAX_DIGITS, 28, 28).
    digits: tf.Tensor
    #: Bounding boxes in pixels: top, left, bottom, right; float32 (MAX_DIGITS, 4).
    boxes: tf.Tensor
    #: Probability that there is a digit, float32 (MAX_DIGITS,).
    is_digit: tf.Tensor
    #: Number of the line, from 0, int32 (MAX_DIGITS,).
    lines: tf.Tensor
    #: Number of letters and signs, int32.
    signs: tf.Tensor
    #: Whether the ink is lighter than the paper.
    light_on_dark: tf.Tensor


def normalize_all(picture: tf.Tensor) -> NormalizedDigits:
    """Finds all digits on an image and brings each to MNIST's geometry.

    Args:
        picture: uint8 or float32 (height, width, channels), 0 to 255: gray, gray and alpha, RGB, or RGBA.
    """
    coarse = _find(picture, _COARSE)
    may_be_digit = tf.cast(coarse.may_be_digit, tf.float32)
    heights = (coarse.glyphs.boxes[:, 2] - coarse.glyphs.boxes[:, 0]) * may_be_digit
    are_large = tf.reduce_sum(heights) > _LARGE * tf.maximum(1.0, tf.reduce_sum(may_be_digit))
    values = tf.cond(
        are_large,
        lambda: tuple(_normalize_found(picture, coarse)),
        lambda: tuple(_normalize_found(picture, _find(picture, _FINE))),
    )
    return NormalizedDigits(*values)


# A function of its own is traced once.
@tf.function(input_signature=[tf.TensorSpec((None, None, None), tf.uint8)], autograph=False)
def normalize_all_checked(picture: tf.Tensor) -> NormalizedDigits:
    """Does what `normalize_all` does, after a check of the picture's shape."""
    return normalize_all(check_picture(picture))


class _Found(NamedTuple):
    canvas: Canvas
    glyphs: FoundGlyphs
    # Which glyphs may be digits, bool (_CANDIDATES,).
    may_be_digit: tf.Tensor


def _find(picture: tf.Tensor, cells: int) -> _Found:
    canvas = sample_canvas(picture, cells)
    glyphs = find_glyphs(canvas, _CANDIDATES, _MIN_DISTANCE)
    return _Found(canvas, glyphs, (glyphs.is_digit >= _POSSIBLE) & glyphs.present)


def _normalize_found(picture: tf.Tensor, found: _Found) -> NormalizedDigits:
    canvas, glyphs, may_be_digit = found
    candidates = tf.math.top_k(tf.where(may_be_digit, glyphs.scores, 0.0), MAX_DIGITS)
    count = tf.reduce_sum(tf.cast(candidates.values > 0.0, tf.int32))

    def add_digit(number: tf.Tensor, digits: tf.Tensor, numbers: tf.Tensor) -> tuple[tf.Tensor, ...]:
        index = candidates.indices[number]
        digit, box = normalize_digit(picture, canvas, glyphs.ink, glyph_mask(glyphs, index), glyphs.boxes[index])
        is_digit = digit_probability(digit, glyphs.is_digit[index])
        # LiteRT has no operator that writes into one row of a tensor.
        row = tf.cast(tf.equal(tf.range(MAX_DIGITS), number), tf.float32)[:, tf.newaxis]
        digits += row[..., tf.newaxis] * digit
        return number + 1, digits, numbers + row * tf.concat([box, is_digit[tf.newaxis]], axis=0)

    _, digits, numbers = tf.while_loop(
        lambda number, *_: number < count,
        add_digit,
        (tf.constant(0), tf.zeros((MAX_DIGITS, SIDE, SIDE)), tf.zeros((MAX_DIGITS, 5))),
    )
    is_digit = numbers[:, 4] >= _MIN_IS_DIGIT
    lines, order = _reading_order(tf.gather(glyphs.boxes, candidates.indices), is_digit)
    is_glyph = (glyphs.scores >= _SIGN_SCORE) & glyphs.present
    digits_among_glyphs = tf.cast(is_digit & (candidates.values >= _SIGN_SCORE), tf.int32)
    # tf2onnx does not know the shape of what is gathered in a branch.
    chosen = tf.reshape(tf.cast(tf.gather(is_digit, order), tf.float32), (MAX_DIGITS, 1))
    numbers = chosen * tf.gather(numbers, order)
    return NormalizedDigits(
        count=tf.reduce_sum(tf.cast(is_digit, tf.int32)),
        digits=tf.reshape(chosen, (MAX_DIGITS, 1, 1)) * tf.gather(digits, order),
        boxes=numbers[:, :4],
        is_digit=numbers[:, 4],
        lines=tf.gather(tf.where(is_digit, lines, 0), order),
        signs=tf.reduce_sum(tf.cast(is_glyph, tf.int32)) - tf.reduce_sum(digits_among_glyphs),
        light_on_dark=tf.reduce_any(is_digit) & (glyphs.ink.sign[0, 0, 0, 0] > 0.0),
    )


def _reading_order(boxes: tf.Tensor, is_digit: tf.Tensor) -> tuple[tf.Tensor, tf.Tensor]:
    """Returns the line of each box and the order of reading; boxes that are no digits come last.

    Boxes side by side are in a line. A slanted line is a chain of such neighbors.
    """
    top, left, bottom, right = tf.unstack(boxes, axis=1)
    height, middle = bottom - top, (top + bottom) / 2.0

    def pairs(function, values: tf.Tensor) -> tf.Tensor:
        return function(values[:, tf.newaxis], values[tf.newaxis, :])

    overlap = pairs(tf.minimum, bottom) - pairs(tf.maximum, top)
    gap = pairs(tf.maximum, left) - pairs(tf.minimum, right)
    beside = (overlap >= _OVERLAP * pairs(tf.minimum, height)) & (gap <= _MAX_GAP * pairs(tf.maximum, height))
    both = pairs(tf.logical_and, is_digit)
    linked = tf.cast((beside & both) | tf.eye(MAX_DIGITS, dtype=tf.bool), tf.float32)
    for _ in range(6):
        # Links of links: after six rounds chains of 64.
        linked = tf.minimum(tf.matmul(linked, linked), 1.0)
    line_middle = tf.matmul(linked, middle[:, tf.newaxis])[:, 0] / tf.reduce_sum(linked, axis=1)
    # The number of other lines above a line: each counts once, for its leftmost box.
    leftmost = tf.reduce_min(tf.where(linked > 0.0, left[tf.newaxis, :], 1e6), axis=1)
    is_head = tf.cast(is_digit & (left <= leftmost), tf.float32)
    is_above = tf.cast(pairs(tf.less, line_middle), tf.float32)
    lines_above = tf.matmul(is_head[tf.newaxis, :], is_above)[0]
    # Earlier lines first, then from left to right.
    key = tf.where(is_digit, lines_above * 1e4 + (left + right) / 2.0, 1e9)
    return tf.cast(lines_above, tf.int32), tf.math.top_k(-key, MAX_DIGITS).indices
