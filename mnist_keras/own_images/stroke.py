"""The width of a digit's strokes, measured and brought near MNIST's."""

import tensorflow as tf

from mnist_keras.own_images.grid import largest, smallest

# In pixels of 28, by `stroke_width`: more than 90 % of MNIST's training images lie in between.
THINNEST, THICKEST = 1.7, 4.4
# Most that is added or taken away.
MOST = 2.6
# Grid steps that the edges can be moved by.
_STEPS = 4


def stroke_width(digit: tf.Tensor) -> tf.Tensor:
    """Mean width in pixels of the digit's grid: twice the area over the length of the outline.

    Args:
        digit: float32 (side, side) in 0..1.
    """
    along_y = (digit[2:, 1:-1] - digit[:-2, 1:-1]) / 2
    along_x = (digit[1:-1, 2:] - digit[1:-1, :-2]) / 2
    outline = tf.reduce_sum(tf.sqrt(tf.square(along_x) + tf.square(along_y)))
    return 2.0 * tf.reduce_sum(digit) / tf.maximum(outline, 1.0)


def with_wider_strokes(digit: tf.Tensor, amount: tf.Tensor) -> tf.Tensor:
    """Moves both edges of all strokes outward by half of `amount` grid steps, inward where it is below 0.

    Args:
        digit: float32 (side, side) in 0..1.
        amount: grid steps, fractions too.
    """
    result, wide, thin = digit, digit, digit
    for step in range(_STEPS):
        # A cross and a square in turn make an octagon.
        size = ((3, 3),) if step % 2 else ((3, 1), (1, 3))
        wider = tf.reduce_max(tf.stack([largest(wide, shape) for shape in size]), axis=0)
        thinner = tf.reduce_min(tf.stack([smallest(thin, shape) for shape in size]), axis=0)
        result += tf.clip_by_value(amount / 2 - step, 0.0, 1.0) * (wider - wide)
        result += tf.clip_by_value(-amount / 2 - step, 0.0, 1.0) * (thinner - thin)
        wide, thin = wider, thinner
    return result
